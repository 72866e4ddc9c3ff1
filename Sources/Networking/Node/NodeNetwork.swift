import FoundationEssentials
import LinuxSystem
package import Logging

/// What the default network needs of the node, done once when the daemon starts rather than for every pod: the bridge with
/// its address, forwarding, and masquerading of what leaves the pod subnet. Every step may be repeated.
package struct NodeNetwork: Sendable {
    private let network: DefaultNetwork
    private let logger: Logger

    package init(_ network: DefaultNetwork, logger: Logger) {
        self.network = network
        self.logger = logger
    }

    /// After this the gateway's address can be bound, also before the first pod.
    package func prepare() async throws(NetworkError) {
        do throws(SystemCallError) {
            let bridge = NetworkInterface(name: network.bridge)
            try bridge.createBridge()
            try bridge.setAddress(network.gateway, netmask: network.subnet.netmask.description)
            try bridge.setUp()
        } catch {
            throw .nodeSetup(step: "making the bridge \(network.bridge)", reason: "\(error)")
        }
        try enableForwarding()
        try await NFTables.apply(NFTables.replacement(of: table, by: masqueradeRules), step: masqueradeStep)
        await acceptForwarding()
    }

    /// Undoes `prepare`, except forwarding, which others may rely on by now.
    package func remove() async throws(NetworkError) {
        try await NFTables.apply(NFTables.removal(of: table), step: masqueradeStep)
        for rule in forwardRules { _ = await iptables(["-D"] + rule) }
        do throws(SystemCallError) {
            try NetworkInterface(name: network.bridge).deleteBridge()
        } catch {
            throw .nodeSetup(step: "removing the bridge \(network.bridge)", reason: "\(error)")
        }
    }

    private func enableForwarding() throws(NetworkError) {
        let path = "/proc/sys/net/ipv4/ip_forward"
        do {
            guard try Data(contentsOf: URL(filePath: path)).first != UInt8(ascii: "1") else { return }
            try Data("1".utf8).write(to: URL(filePath: path))
            logger.notice("IPv4 forwarding enabled, so that pods reach other networks", metadata: ["sysctl": "net.ipv4.ip_forward"])
        } catch {
            throw .nodeSetup(step: "enabling net.ipv4.ip_forward", reason: "\(error)")
        }
    }

    private var table: String { "\(network.name)_masquerade" }

    private var masqueradeRules: String {
        """
            chain postrouting {
                type nat hook postrouting priority srcnat; policy accept;
                ip saddr \(network.subnet) ip daddr != { \(network.subnet), 224.0.0.0/4 } counter masquerade
            }

        """
    }

    private var masqueradeStep: String { "setting the masquerade rules of \(network.subnet)" }

    /// Where Docker runs, the forward policy is DROP, and an accept in a table of our own does not override it.
    private func acceptForwarding() async {
        for rule in forwardRules where await !iptables(["-C"] + rule) {
            if await !iptables(["-I"] + rule) {
                logger.info("iptables did not take a forward rule", metadata: ["rule": "\(rule.joined(separator: " "))"])
            }
        }
    }

    private var forwardRules: [[String]] {
        [["FORWARD", "-i", network.bridge, "-j", "ACCEPT"], ["FORWARD", "-o", network.bridge, "-j", "ACCEPT"]]
    }

    private func iptables(_ arguments: [String]) async -> Bool {
        guard let path = ["/usr/sbin/iptables", "/sbin/iptables"].first(where: isExecutable) else { return false }
        // It not starting and it refusing the rule come to the same here.
        return (try? await ChildProcess(executable: path, arguments: ["-w", "5"] + arguments).run())?.succeeded ?? false
    }
}
