package import OCISpec

/// How registries are talked to.
package struct RegistryConfiguration: Hashable, Sendable {
    /// Hosts, or `host:port`, that may be asked over plain HTTP when they do not speak TLS, and whose certificate is not
    /// checked when they do. Loopback addresses always may.
    package var insecureRegistries: Set<String>
    /// PEM files of certificate authorities trusted besides the system's.
    package var certificateAuthorities: [String]
    package var platform: Platform
    /// Images pulled at a time; others wait.
    package var parallelPulls: Int
    /// Layers of one image fetched and unpacked at a time.
    package var parallelLayers: Int
    /// Tries of one blob or manifest without any progress between them.
    package var attempts: Int

    package init(
        insecureRegistries: Set<String> = [], certificateAuthorities: [String] = [], platform: Platform = .current,
        parallelPulls: Int = 3, parallelLayers: Int = 3, attempts: Int = 5
    ) {
        self.insecureRegistries = insecureRegistries
        self.certificateAuthorities = certificateAuthorities
        self.platform = platform
        self.parallelPulls = parallelPulls
        self.parallelLayers = parallelLayers
        self.attempts = attempts
    }

    /// docker.io is a name only; its registry answers at another. Source: distribution/reference, normalize.go.
    static func endpoint(of registry: String) -> String { registry == "docker.io" ? "registry-1.docker.io" : registry }

    func isInsecure(_ authority: String) -> Bool {
        let host = Self.host(of: authority)
        return insecureRegistries.contains(authority) || insecureRegistries.contains(host) || Self.isLoopback(host)
    }

    /// Without the port.
    static func host(of authority: String) -> String {
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") { return String(authority[...end]) }
        return String(authority.prefix { $0 != ":" })
    }

    private static func isLoopback(_ host: String) -> Bool {
        let numbers = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        return host == "localhost" || host == "[::1]" || numbers.count == 4 && numbers[0] == 127 && numbers.allSatisfy { $0 != nil }
    }
}
