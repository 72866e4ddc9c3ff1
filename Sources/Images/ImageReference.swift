package import OCISpec

/// What an image is called: `[registry/]repository[:tag][@digest]`.
///
/// Parsed as Docker and containerd do: no registry means docker.io, one bare word there means `library/`, neither tag
/// nor digest means `:latest`. Source: distribution/reference, reference.go.
package struct ImageReference: Hashable, Sendable, CustomStringConvertible {
    /// Host and, where written, port: `docker.io`, `localhost:5000`, `[::1]:5000`.
    package let registry: String
    /// `library/nginx`.
    package let repository: String
    package let tag: String?
    package let digest: Digest?

    package init(parsing text: String) throws(ImageError) {
        var rest = Substring(text)
        var digest: Digest?
        if let at = rest.firstIndex(of: "@") {
            do throws(InvalidDigest) {
                digest = try Digest(parsing: rest[rest.index(after: at)...])
            } catch {
                throw .invalidReference(text, reason: error.description)
            }
            rest = rest[..<at]
        }
        var tag: String?
        if let colon = rest.lastIndex(of: ":"), !rest[colon...].contains("/") {
            let candidate = rest[rest.index(after: colon)...]
            guard ReferenceSyntax.isTag(candidate.utf8) else {
                throw .invalidReference(text, reason: "'\(candidate)' is not a tag")
            }
            tag = String(candidate)
            rest = rest[..<colon]
        }
        var (registry, repository) = Self.split(rest)
        if registry == "docker.io", !repository.contains("/") { repository = "library/" + repository }
        guard ReferenceSyntax.isHost(registry) else {
            throw .invalidReference(text, reason: "'\(registry)' is not a registry's host name")
        }
        let components = repository.split(separator: "/", omittingEmptySubsequences: false)
        guard components.allSatisfy({ ReferenceSyntax.isPathComponent($0.utf8) }) else {
            throw .invalidReference(text, reason: "'\(repository)' is not a repository name, which is lower-case words with single . _ - between")
        }
        guard registry.utf8.count + repository.utf8.count < 255 else { throw .invalidReference(text, reason: "the name is longer than 255 characters") }
        guard rest.utf8.count != 64 || !rest.utf8.allSatisfy(\.isLowerCaseHexadecimal) else {
            throw .invalidReference(text, reason: "64 hexadecimal digits are an image's id, not a name")
        }
        self.init(registry: registry, repository: repository, tag: tag ?? (digest == nil ? "latest" : nil), digest: digest)
    }

    private init(registry: String, repository: String, tag: String?, digest: Digest?) {
        self.registry = registry
        self.repository = repository
        self.tag = tag
        self.digest = digest
    }

    /// The first component is a host when it looks like one; `foo/bar` is on docker.io.
    private static func split(_ name: Substring) -> (registry: String, repository: String) {
        guard let slash = name.firstIndex(of: "/") else { return ("docker.io", String(name)) }
        let first = name[..<slash]
        let isHost = first == "localhost" || first.contains { $0 == "." || $0 == ":" || $0.isUppercase }
        guard isHost else { return ("docker.io", String(name)) }
        let registry = first == "index.docker.io" ? "docker.io" : String(first)
        return (registry, String(name[name.index(after: slash)...]))
    }

    /// Registry and repository, without tag and digest: what credentials are chosen by.
    package var name: String { "\(registry)/\(repository)" }

    /// The canonical text, which parses to the same reference.
    package var description: String { name + (tag.map { ":\($0)" } ?? "") + (digest.map { "@\($0)" } ?? "") }

    /// What the registry is asked for: the digest where there is one, because a tag may move.
    var manifestReference: String { digest?.description ?? tag ?? "latest" }

    /// `name@digest`.
    func pinned(to digest: Digest) -> ImageReference {
        ImageReference(registry: registry, repository: repository, tag: nil, digest: digest)
    }
}
