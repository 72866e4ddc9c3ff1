package import FoundationEssentials

/// What CNI gave a pod. Outlives the pod's row until the network was taken down.
package struct NetworkEntry: LedgerEntry, Hashable {
    package static let table = LedgerTable("network", keyColumns: 1, CodingKeys.self)
    enum CodingKeys: String, CodingKey, CaseIterable {
        case podUID = "pod_uid", network, namespacePath = "namespace_path", ips, result, addedAt = "added_at"
    }

    package var podUID: String
    /// Name of the network configuration list.
    package var network: String
    package var namespacePath: String
    package var ips: [String]
    /// The CNI result as JSON, to be handed back as `prevResult`.
    package var result: Data
    package var addedAt: Date

    package init(podUID: String, network: String, namespacePath: String, ips: [String], result: Data, addedAt: Date) {
        self.podUID = podUID
        self.network = network
        self.namespacePath = namespacePath
        self.ips = ips
        self.result = result
        self.addedAt = addedAt
    }
}
