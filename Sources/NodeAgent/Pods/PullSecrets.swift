import FoundationEssentials
package import Images
package import KubeAPI

/// The registry credentials that a pod's `imagePullSecrets` hold. Source: Kubernetes, "Pull an Image from a Private Registry".
package struct PullSecrets: Sendable {
    private var entries: [String: RegistryCredentials] = [:]

    /// Secrets of another type, and entries that cannot be read, are skipped, as kubelet skips them.
    package init(_ secrets: [Secret]) {
        for secret in secrets {
            let auths: [String: Entry]?
            // An unreadable secret only means one credential less.
            if let data = secret.data[".dockerconfigjson"] {
                auths = try? JSONDecoder().decode(Config.self, from: data).auths
            } else if let data = secret.data[".dockercfg"] {
                auths = try? JSONDecoder().decode([String: Entry].self, from: data)
            } else {
                continue
            }
            for (server, entry) in auths ?? [:] {
                guard let credentials = entry.credentials else { continue }
                entries[Self.host(of: server)] = credentials
            }
        }
    }

    /// - Parameter registry: host and port, such as `docker.io`.
    package func credentials(for registry: String) -> RegistryCredentials? {
        entries[registry] ?? (registry == "docker.io" ? entries["index.docker.io"] : nil)
    }

    private struct Config: Decodable { var auths: [String: Entry]? }

    private struct Entry: Decodable {
        var username: String?
        var password: String?
        var auth: String?
        var identitytoken: String?
        var registrytoken: String?

        var credentials: RegistryCredentials? {
            if let username, let password {
                return RegistryCredentials(username: username, password: password, identityToken: identitytoken, registryToken: registrytoken)
            }
            guard let auth, let data = Data(base64Encoded: auth) else { return nil }
            let parts = String(decoding: data, as: UTF8.self).split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { return nil }
            return RegistryCredentials(
                username: String(parts[0]), password: String(parts[1]), identityToken: identitytoken, registryToken: registrytoken)
        }
    }

    /// `https://index.docker.io/v1/` and `registry.example:5000/team` name hosts too.
    private static func host(of server: String) -> String {
        var rest = server[...]
        if let scheme = rest.firstRange(of: "://") { rest = rest[scheme.upperBound...] }
        return String(rest.prefix { $0 != "/" })
    }
}
