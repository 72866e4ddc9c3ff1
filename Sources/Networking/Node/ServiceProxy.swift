package import Logging

/// Makes cluster addresses and node ports of Services lead to their pods, on a node that has no cluster to do it: one
/// nftables table, replaced whole when the Services have changed. Nothing runs per connection.
package actor ServiceProxy {
    private let network: DefaultNetwork
    private let logger: Logger
    private var wanted: String?
    private var applied: String?
    private var isApplying = false

    package init(_ network: DefaultNetwork, logger: Logger) {
        self.network = network
        self.logger = logger
    }

    /// Returns when the kernel has the rules, or at once while an earlier update is on its way: it then takes these
    /// along. A failure is logged, and tried again with the next change.
    package func update(_ registry: ServiceRegistry) async {
        wanted = serviceRules(registry, podSubnet: network.subnet)
        guard !isApplying else { return }
        isApplying = true
        defer { isApplying = false }
        while let next = wanted, next != applied {
            do throws(NetworkError) {
                try await NFTables.apply(NFTables.replacement(of: table, by: next), step: "setting the rules of Services")
                applied = next
            } catch {
                logger.error("Services do not lead to their pods", metadata: ["error": "\(error)"])
                return
            }
        }
    }

    package func remove() async throws(NetworkError) {
        (wanted, applied) = (nil, nil)
        try await NFTables.apply(NFTables.removal(of: table), step: "removing the rules of Services")
    }

    private var table: String { "\(network.name)_services" }
}

/// The content of the table. Connections are spread over the ready endpoints at random; without one they are refused at
/// once rather than left to time out.
func serviceRules(_ registry: ServiceRegistry, podSubnet: IPv4Subnet) -> String {
    var forwarded: [String] = []
    var refused: [String] = []
    for (_, services) in registry.services.sorted(by: { $0.key < $1.key }) {
        for (_, entry) in services.sorted(by: { $0.key < $1.key }) {
            for port in entry.ports where ["tcp", "udp", "sctp"].contains(port.protocol) {
                var matches = entry.clusterIPs.filter(\.isIPv4).map { "ip daddr \($0) \(port.protocol) dport \(port.number)" }
                if port.nodePort != 0 { matches.append("fib daddr type local \(port.protocol) dport \(port.nodePort)") }
                let targets = entry.endpoints.filter(\.address.isIPv4).flatMap { host in
                    host.ports.filter { $0.name == port.name && $0.protocol == port.protocol }.map { "\(host.address) . \($0.number)" }
                }
                if targets.isEmpty {
                    refused += matches.map { "\($0) reject\(port.protocol == "tcp" ? " with tcp reset" : "")" }
                } else {
                    let map = targets.enumerated().map { "\($0) : \($1)" }.joined(separator: ", ")
                    forwarded += matches.map { "\($0) dnat ip to numgen random mod \(targets.count) map { \(map) }" }
                }
            }
        }
    }
    func chain(_ name: String, _ lines: [String]) -> String {
        "    chain \(name) {\n" + lines.map { "        \($0)\n" }.joined() + "    }\n"
    }
    return chain("services", forwarded) + chain("refuse", refused)
        + chain("prerouting", ["type nat hook prerouting priority -100; policy accept;", "jump services"])
        + chain("output", ["type nat hook output priority -100; policy accept;", "jump services"])
        // Pod to pod by way of a Service: the answer must come back through the node to be translated back.
        + chain(
            "postrouting",
            ["type nat hook postrouting priority 100; policy accept;", "ct status dnat ip saddr \(podSubnet) ip daddr \(podSubnet) masquerade"])
        + chain("forward", ["type filter hook forward priority 0; policy accept;", "jump refuse"])
        + chain("local", ["type filter hook output priority 0; policy accept;", "jump refuse"])
        + chain("input", ["type filter hook input priority 0; policy accept;", "jump refuse"])
}
