package import KubeAPI
package import KubeClient

/// The Services and EndpointSlices of the cluster: pods get the former as environment variables, the node's DNS both.
package actor ServiceCatalog {
    package typealias Listener = @Sendable ([Service], [EndpointSlice]) async -> Void

    private let client: KubeClient
    private let listener: Listener?
    private var services: [String: Service] = [:]
    private var slices: [String: EndpointSlice] = [:]

    /// - Parameter listener: told everything after every change; nil when nobody needs the endpoints, which are then not watched.
    package init(client: KubeClient, listener: Listener?) {
        self.client = client
        self.listener = listener
    }

    /// Runs until cancelled.
    package func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await Informer(Service.self, client: self.client).run { await self.take($0) } }
            if listener != nil {
                group.addTask { await Informer(EndpointSlice.self, client: self.client).run { await self.take($0) } }
            }
        }
    }

    /// The Services of a namespace and `default/kubernetes`, by name.
    package func services(in namespace: String) -> [Service] {
        services.values.filter {
            $0.metadata.namespace == namespace || ($0.metadata.namespace == "default" && $0.metadata.name == "kubernetes")
        }.sorted { ($0.metadata.namespace, $0.metadata.name) < ($1.metadata.namespace, $1.metadata.name) }
    }

    private func take(_ change: InformerChange<Service>) async {
        services.apply(change)
        await tell()
    }

    private func take(_ change: InformerChange<EndpointSlice>) async {
        slices.apply(change)
        await tell()
    }

    private func tell() async {
        await listener?(Array(services.values), Array(slices.values))
    }
}

extension Dictionary where Key == String, Value: KubeObject {
    /// Keyed by namespace and name.
    mutating func apply(_ change: InformerChange<Value>) {
        func key(_ object: Value) -> String { "\(object.metadata.namespace)/\(object.metadata.name)" }
        switch change {
        case .replaced(let objects): self = .init(objects.map { (key($0), $0) }, uniquingKeysWith: { _, last in last })
        case .applied(let object): self[key(object)] = object
        case .deleted(let object): self[key(object)] = nil
        }
    }
}
