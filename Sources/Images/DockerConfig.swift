import FoundationEssentials

/// Credentials for registries as `docker login` keeps them and as Kubernetes' registry secrets carry them.
///
/// Source: Kubernetes documentation, "Pull an Image from a Private Registry", with kubelet's rules for choosing among them.
package struct DockerConfig: Hashable, Sendable, CustomStringConvertible {
    private struct Entry: Hashable, Sendable {
        var pattern: RegistryPattern
        var credentials: RegistryCredentials
    }

    private var entries: [Entry] = []

    package init() {}

    /// `{"auths": {...}}`: a `kubernetes.io/dockerconfigjson` secret's `.dockerconfigjson`, or a node's `config.json`.
    package init(dockerConfigJSON bytes: [UInt8]) throws(ImageError) {
        struct Document: Decodable { var auths: [String: Login]? }
        let document = try decode(Document.self, from: bytes, subject: "the registry credentials (.dockerconfigjson)")
        try self.init(document.auths ?? [:])
    }

    /// The map alone: a `kubernetes.io/dockercfg` secret's `.dockercfg`.
    package init(dockercfg bytes: [UInt8]) throws(ImageError) {
        try self.init(decode([String: Login].self, from: bytes, subject: "the registry credentials (.dockercfg)"))
    }

    private init(_ logins: [String: Login]) throws(ImageError) {
        for (text, login) in logins {
            guard let pattern = RegistryPattern(text) else { continue }
            guard let credentials = try login.credentials(for: text) else { continue }
            entries.append(Entry(pattern: pattern, credentials: credentials))
        }
        // The most specific first, as kubelet does: longer paths sort behind shorter ones.
        entries.sort { $0.pattern.text > $1.pattern.text }
    }

    /// Several sources as one; of equal patterns the earlier source is tried first.
    package func merging(_ other: DockerConfig) -> DockerConfig {
        var merged = self
        merged.entries += other.entries
        // Not `sort`, which may swap equals.
        merged.entries = merged.entries.enumerated().sorted {
            ($1.element.pattern.text, $0.offset) < ($0.element.pattern.text, $1.offset)
        }.map(\.element)
        return merged
    }

    /// What to try for an image, the most specific first; empty when there is nothing but to go without.
    package func credentials(for reference: ImageReference) -> [RegistryCredentials] {
        entries.filter { $0.pattern.matches(reference) }.map(\.credentials)
    }

    package var description: String { "credentials for \(entries.map(\.pattern.text).joined(separator: ", "))" }

    private struct Login: Decodable {
        var auth: String?
        var username: String?
        var password: String?
        var identitytoken: String?
        var registrytoken: String?

        /// `auth`, when there, is base64 of `username:password`, and counts before the two. `nil` for an empty login, as a
        /// credential store leaves behind.
        func credentials(for registry: String) throws(ImageError) -> RegistryCredentials? {
            var credentials = RegistryCredentials(
                username: username ?? "", password: password ?? "", identityToken: identitytoken.nonEmpty, registryToken: registrytoken.nonEmpty)
            if let auth = auth.nonEmpty {
                guard let data = Data(base64Encoded: auth), let text = String(validating: data, as: UTF8.self), let colon = text.firstIndex(of: ":")
                else { throw .invalidDocument("the registry credentials for '\(registry)'", detail: "auth is not base64 of username:password") }
                credentials.username = String(text[..<colon])
                // Some writers pad with zero bytes.
                credentials.password = String(text[text.index(after: colon)...].prefix { $0 != "\0" })
            }
            let isEmpty = credentials.username.isEmpty && credentials.identityToken == nil && credentials.registryToken == nil
            return isEmpty ? nil : credentials
        }
    }
}

/// Which images a login is for: a host, perhaps with `*` in its labels, a port, and the beginning of a path.
struct RegistryPattern: Hashable, Sendable {
    /// Without scheme, and without the `/v1/` and `/v2/` that Docker writes behind it.
    let text: String
    private let host: String
    private let path: String

    init?(_ text: String) {
        var rest = text[...]
        for scheme in ["https://", "http://"] where rest.hasPrefix(scheme) { rest = rest.dropFirst(scheme.count) }
        let host = rest.prefix { $0 != "/" }
        guard !host.isEmpty else { return nil }
        var path = rest.dropFirst(host.count).drop { $0 == "/" }
        while path.last == "/" { path.removeLast() }
        if path == "v1" || path == "v2" { path = "" }
        self.host = ["index.docker.io", "registry-1.docker.io"].contains(host) ? "docker.io" : String(host)
        self.path = String(path)
        self.text = path.isEmpty ? self.host : "\(self.host)/\(path)"
    }

    /// Labels are compared one by one, so `*.example.com` is neither `example.com` nor `a.b.example.com`.
    func matches(_ reference: ImageReference) -> Bool {
        let (name, port) = Self.split(reference.registry)
        let (pattern, patternPort) = Self.split(host)
        guard port == patternPort else { return false }
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        let patterns = pattern.split(separator: ".", omittingEmptySubsequences: false)
        guard labels.count == patterns.count, zip(labels, patterns).allSatisfy({ Self.matches($0, glob: $1) }) else { return false }
        return path.isEmpty || reference.repository == path || reference.repository.hasPrefix(path + "/")
    }

    private static func split(_ authority: String) -> (name: String, port: String) {
        let name = RegistryConfiguration.host(of: authority)
        return (name, String(authority.dropFirst(name.count)))
    }

    private static func matches(_ text: Substring, glob: Substring) -> Bool {
        guard let star = glob.firstIndex(of: "*") else { return text == glob }
        let head = glob[..<star]
        guard text.hasPrefix(head) else { return false }
        let tail = glob[glob.index(after: star)...]
        var rest = text.dropFirst(head.count)
        while true {
            if matches(rest, glob: tail) { return true }
            if rest.isEmpty { return false }
            rest = rest.dropFirst()
        }
    }
}

extension String? {
    fileprivate var nonEmpty: String? { flatMap { $0.isEmpty ? nil : $0 } }
}
