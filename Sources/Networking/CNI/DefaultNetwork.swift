import FoundationEssentials
package import KubeAPI

/// The network a standalone node writes when none is configured: a bridge, addresses from host-local, host ports.
///
/// Made to run few programs per pod. Masquerading is not asked of the bridge plugin (`ipMasq`), which would run iptables
/// for every pod: `NodeNetwork` sets it up once per node. For pods without host ports `portmap` is not started at all.
/// That leaves one plugin per pod, and its IPAM: 10 to 20 ms.
package struct DefaultNetwork: Hashable, Sendable {
    /// Chosen not to meet the defaults of flannel, k3s, CRI-O, podman or Docker.
    package static let standardSubnet = "10.61.0.0/16"

    package let name: String
    package let bridge: String
    package let subnet: IPv4Subnet
    /// host-local's `dataDir`; addresses reserved there survive restarts of the daemon.
    package let stateDirectory: String

    /// - Throws: `invalidSubnet` unless `subnet` is like `10.61.0.0/16`, with a prefix of 8 to 29 bits.
    package init(
        name: String = "berth", bridge: String = "berth0", subnet: String = DefaultNetwork.standardSubnet, stateDirectory: String
    ) throws(NetworkError) {
        guard let parsed = IPv4Subnet(subnet), (8...29).contains(parsed.prefixLength) else { throw .invalidSubnet(subnet) }
        self.name = name
        self.bridge = bridge
        self.subnet = parsed
        self.stateDirectory = stateDirectory
    }

    /// The bridge's own address, the pods' gateway: the first of the subnet, as host-local chooses it.
    package var gateway: String { subnet.address(at: 1).description }
    package var reservations: AddressReservations { AddressReservations(directory: "\(stateDirectory)/\(name)") }

    package var list: JSONValue {
        [
            "cniVersion": "1.0.0",
            "name": .string(name),
            "plugins": [
                [
                    "type": "bridge",
                    "bridge": .string(bridge),
                    "isDefaultGateway": true,
                    "hairpinMode": true,
                    "ipam": [
                        "type": "host-local",
                        "dataDir": .string(stateDirectory),
                        "ranges": [[["subnet": .string(subnet.description), "gateway": .string(gateway)]]],
                    ],
                ],
                ["type": "portmap", "capabilities": ["portMappings": true]],
            ],
        ]
    }

    /// Berth's file among others: early enough to win over examples, late enough for an operator's `00-` file.
    private var fileName: String { "10-\(name).conflist" }

    /// Writes the list when `directory` has no configuration, or brings Berth's own file up to date.
    /// - Returns: whether this network is the one in use; false when the operator has configured another.
    package func writeIfNoneConfigured(in directory: String) throws(NetworkError) -> Bool {
        let existing = NetworkConfigurationList.files(in: directory)
        guard existing.isEmpty || existing.first == fileName else { return false }
        let path = "\(directory)/\(fileName)"
        var bytes = list.serialized(sortedKeys: true)
        bytes.append(UInt8(ascii: "\n"))
        // Unreadable reads as different: it is written again.
        if let present = try? Data(contentsOf: URL(filePath: path)), Array(present) == bytes { return true }
        do {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            try Data(bytes).write(to: URL(filePath: path), options: .atomic)
        } catch {
            throw .invalidConfiguration(file: path, reason: "cannot be written: \(error)")
        }
        return true
    }

    /// Takes Berth's file away, and nobody else's.
    package func removeConfiguration(from directory: String) {
        // Already gone is as good.
        try? FileManager.default.removeItem(atPath: "\(directory)/\(fileName)")
    }
}
