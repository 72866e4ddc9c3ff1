package import KubeAPI

/// What the cluster's DNS knows: a value made from Services and EndpointSlices whenever they change.
package struct ServiceRegistry: Hashable, Sendable {
    let zone: DNSName
    /// By namespace, then name.
    let services: [String: [String: Entry]]
    /// The names of addresses, for PTR.
    let pointers: [IPAddress: DNSName]

    struct Entry: Hashable, Sendable {
        /// Empty for a headless Service.
        var clusterIPs: [IPAddress] = []
        var externalName: DNSName?
        var ports: [Port] = []
        /// In the order of the slices, each address once.
        var endpoints: [Host] = []
    }

    struct Port: Hashable, Sendable {
        let name: String
        /// In lower case.
        let `protocol`: String
        let number: UInt16
        /// Zero for none.
        var nodePort: UInt16 = 0
    }

    struct Host: Hashable, Sendable {
        /// The pod's hostname, or its address with dashes.
        let label: String
        let address: IPAddress
        let ports: [Port]
    }

    /// - Parameter domain: of the cluster, such as `cluster.local`; a text that is no domain name reads as that.
    package init(services: [Service] = [], slices: [EndpointSlice] = [], domain: String = "cluster.local") {
        let zone = DNSName(domain) ?? DNSName(labels: ["cluster", "local"].map { Array($0.utf8) })
        let slicesByService = Dictionary(grouping: slices) {
            [$0.metadata.namespace, $0.metadata.labels["kubernetes.io/service-name"] ?? ""]
        }
        var entries: [String: [String: Entry]] = [:]
        var pointers: [IPAddress: DNSName] = [:]
        for service in services {
            let (namespace, name) = (service.metadata.namespace, service.metadata.name)
            let own = (slicesByService[[namespace, name]] ?? []).sorted { $0.metadata.name < $1.metadata.name }
            let entry = Entry(of: service, slices: own)
            entries[namespace, default: [:]][name] = entry
            let serviceName = zone.prepending(name, namespace, "svc")
            for address in entry.clusterIPs { pointers[address] = serviceName }
            guard entry.clusterIPs.isEmpty else { continue }
            for host in entry.endpoints {
                // A name that the operator gave is better than one made of the address.
                if pointers[host.address] == nil || host.label != host.address.dashed {
                    pointers[host.address] = serviceName.prepending(host.label)
                }
            }
        }
        self.zone = zone
        self.services = entries
        self.pointers = pointers
    }
}

extension ServiceRegistry.Entry {
    init(of service: Service, slices: [EndpointSlice]) {
        self.init()
        guard service.spec.type != "ExternalName" else {
            externalName = DNSName(service.spec.externalName)
            return
        }
        let addresses = service.spec.clusterIPs.isEmpty ? [service.spec.clusterIP] : service.spec.clusterIPs
        clusterIPs = addresses.compactMap { IPAddress($0) }
        ports = service.spec.ports.compactMap { .init(name: $0.name, protocol: $0.protocol, number: $0.port, nodePort: $0.nodePort) }
        var seen: Set<[String]> = []
        for slice in slices where slice.addressType != "FQDN" {
            let ports = slice.ports.compactMap { ServiceRegistry.Port(name: $0.name ?? "", protocol: $0.protocol ?? "", number: $0.port) }
            for endpoint in slice.endpoints {
                // A missing condition reads as ready.
                guard endpoint.conditions.ready != false || service.spec.publishNotReadyAddresses else { continue }
                for address in endpoint.addresses.compactMap({ IPAddress($0) }) {
                    let label = if let hostname = endpoint.hostname, !hostname.isEmpty { hostname.lowercased() } else { address.dashed }
                    guard seen.insert([label, address.description]).inserted else { continue }
                    endpoints.append(.init(label: label, address: address, ports: ports))
                }
            }
        }
    }
}

extension ServiceRegistry.Port {
    /// Nil without a number: an EndpointSlice port may mean "all ports".
    init?(name: String, protocol: String, number: Int?, nodePort: Int = 0) {
        guard let number, let number = UInt16(exactly: number), let nodePort = UInt16(exactly: nodePort) else { return nil }
        self.init(name: name, protocol: `protocol`.isEmpty ? "tcp" : `protocol`.lowercased(), number: number, nodePort: nodePort)
    }
}
