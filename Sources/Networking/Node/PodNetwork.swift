import LinuxSystem
package import Logging

/// The pod network of a node that no cluster has given one, ready for the first pod: the operator's own when one is
/// configured, Berth's otherwise.
package struct PodNetwork: Sendable {
    /// Nil when the operator has configured another; then addresses are that network's business.
    package let defaultNetwork: DefaultNetwork?
    /// An address of this node that pods reach, for the cluster's DNS.
    package let dnsAddress: String

    /// Link-local, so that it meets no network: the address that node-local DNS caches of Kubernetes use.
    package static let linkLocalDNSAddress = "169.254.20.10"
    private static let linkLocalInterface = NetworkInterface(name: "lo:berth")

    /// May be called at every start.
    package static func prepare(
        _ network: DefaultNetwork, configurationDirectory: String, logger: Logger
    ) async throws(NetworkError) -> PodNetwork {
        if try network.writeIfNoneConfigured(in: configurationDirectory) {
            try await NodeNetwork(network, logger: logger).prepare()
            return PodNetwork(defaultNetwork: network, dnsAddress: network.gateway)
        }
        logger.info("pods use the network configured on this node", metadata: ["directory": "\(configurationDirectory)"])
        do throws(SystemCallError) {
            try linkLocalInterface.setAddress(linkLocalDNSAddress, netmask: "255.255.255.255")
        } catch {
            throw .nodeSetup(step: "giving the node the address \(linkLocalDNSAddress)", reason: "\(error)")
        }
        return PodNetwork(defaultNetwork: nil, dnsAddress: linkLocalDNSAddress)
    }
}
