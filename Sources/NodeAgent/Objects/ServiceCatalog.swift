import FoundationEssentials
package import KubeAPI
package import KubeClient
package import Ledger
package import Logging

/// The Services and EndpointSlices of the cluster: pods get the former as environment variables, the node's DNS both.
package actor ServiceCatalog {
    package typealias Listener = @Sendable ([Service], [EndpointSlice]) async -> Void

    private let client: KubeClient
    private let ledger: Ledger
    private let listener: Listener?
    private let logger: Logger
    private var services: [String: Service] = [:]
    private var slices: [String: EndpointSlice] = [:]

    /// - Parameter listener: told everything after every change; nil when nobody needs the endpoints, which are then not watched.
    package init(client: KubeClient, ledger: Ledger, listener: Listener?, logger: Logger) {
        self.client = client
        self.ledger = ledger
        self.listener = listener
        self.logger = logger
    }

    /// Begins with what was seen last, so that Services have their names also when the API server cannot be asked.
    package func recall() async {
        do {
            let (known, endpoints) = try await ledger.read { (try $0.catalog(Service.kind), try $0.catalog(EndpointSlice.kind)) }
            for entry in known { services[entry.key] = try JSONDecoder().decode(Service.self, from: entry.body) }
            for entry in endpoints { slices[entry.key] = try JSONDecoder().decode(EndpointSlice.self, from: entry.body) }
        } catch {
            logger.error("services not remembered", metadata: ["error": "\(error)"])
        }
        await tell()
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
        let before = services
        services.apply(change)
        remember(services, insteadOf: before)
        await tell()
    }

    private func take(_ change: InformerChange<EndpointSlice>) async {
        let before = slices
        slices.apply(change)
        remember(slices, insteadOf: before)
        await tell()
    }

    /// Writes down what differs, without waiting for it: it is read again when the API server is there.
    private func remember<Object: KubeObject & Equatable>(_ objects: [String: Object], insteadOf before: [String: Object]) {
        var changed: [CatalogEntry] = []
        do {
            for (key, object) in objects where before[key] != object {
                changed.append(CatalogEntry(kind: Object.kind, key: key, body: try JSONEncoder().encode(object)))
            }
        } catch {
            logger.error("service not remembered", metadata: ["error": "\(error)"])
        }
        let gone = before.keys.filter { objects[$0] == nil }
        guard !changed.isEmpty || !gone.isEmpty else { return }
        ledger.post { [changed] transaction in
            for entry in changed { try transaction.save(entry) }
            for key in gone { try transaction.removeFromCatalog(Object.kind, key: key) }
        }
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
        case .replaced(let objects, _): self = .init(objects.map { (key($0), $0) }, uniquingKeysWith: { _, last in last })
        case .applied(let object): self[key(object)] = object
        case .deleted(let object): self[key(object)] = nil
        }
    }
}
