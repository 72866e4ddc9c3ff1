package import KubeAPI

/// What a pod got from its network. Kept in the ledger whole: DEL and CHECK are to see the configuration and the result of
/// the ADD, also after the files in `/etc/cni/net.d` have changed. Source: CNI 1.0, "Runtime-specific behaviour".
package struct NetworkResult: Codable, Hashable, Sendable {
    /// The list that made it.
    package let configuration: JSONValue
    /// The last plugin's result, as it came.
    package let raw: JSONValue
    package let portMappings: [PortMapping]

    /// The addresses of the pod's `eth0`, without prefix lengths, in the plugins' order.
    package var ips: [String] {
        let interfaces = raw["interfaces"]?.array ?? []
        return (raw["ips"]?.array ?? []).compactMap { entry in
            guard let address = entry["address"]?.string?.split(separator: "/").first else { return nil }
            // `interface` is an index into `interfaces`; one without `sandbox` is on the host.
            if let index = entry["interface"]?.int, interfaces.indices.contains(index),
                (interfaces[index]["sandbox"]?.string ?? "").isEmpty
            {
                return nil
            }
            return String(address)
        }
    }
}
