import FoundationEssentials
import KubeAPI
import Logging

@testable import ControlPlane

/// A control plane on a store of its own, with its controllers running, and a node that is simulated: it reports pods as
/// running, makes the volumes that claims ask for, and ends pods that are deleted.
struct Cluster: Sendable {
    let api: APIService
    let path: String

    /// Runs `body` beside the controllers and the node, and ends them after it.
    ///
    /// - Parameter unready: names of pods the node never reports as ready.
    static func run(unready: Set<String> = [], body: @escaping @Sendable (Cluster) async throws -> Void) async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "controllers-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        // Nothing is done about a directory that cannot be removed: it is a temporary one.
        defer { try? FileManager.default.removeItem(at: directory) }
        let path = directory.appending(path: "api.sqlite").path
        let store = try ObjectStore(path: path, seal: .test)
        let api = APIService(store: store, admission: ObjectRules(objects: store))
        let cluster = Cluster(api: api, path: path)
        try await Bootstrap.prepare(api, endpoint: ("10.0.0.1", 6443))
        var logger = Logger(label: "test")
        logger.logLevel = .error
        let manager = ControllerManager(api: api, settings: ControllerSettings(rootCertificate: "PEM"), logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await manager.run() }
            group.addTask { try await cluster.runPods(unready: unready) }
            group.addTask { try await cluster.provision() }
            try await cluster.register()
            try await body(cluster)
            group.cancelAll()
        }
    }

    private func register() async throws {
        var node = Samples.node()
        node.set("metadata", "uid", to: nil)
        _ = try await api.create(ResourceCatalog.nodes, node)
    }

    // MARK: the node

    private func runPods(unready: Set<String>) async throws {
        for await event in try api.watch(ResourceCatalog.pods) {
            guard let pod = event.object?.value, event.kind != .deleted else { continue }
            let name = pod.meta.name
            if pod.meta.isDeleting {
                var options = DeleteOptions()
                options.gracePeriodSeconds = 0
                // Somebody else may have been faster.
                _ = try? await api.delete(ResourceCatalog.pods, namespace: pod.meta.namespace, name: name, options)
            } else if !pod.text("spec", "nodeName").isEmpty, pod.phase == "Pending" {
                // Deleted meanwhile: the next event says so.
                _ = try? await setStatus(of: name, in: pod.meta.namespace, ready: !unready.contains(name))
            }
        }
    }

    func setStatus(of pod: String, in namespace: String = "default", ready: Bool) async throws {
        _ = try await api.modify(ResourceCatalog.pods, namespace: namespace, name: pod, subresource: "status") { (old: JSONValue) throws(APIError) in
            old.running(ready: ready, on: old.text("spec", "nodeName"), since: Date())
        }
    }

    private func provision() async throws {
        for await event in try api.watch(ResourceCatalog.persistentVolumeClaims) {
            guard let claim = event.object?.value, event.kind != .deleted, let node = claim.meta.annotations[ClaimBinding.selectedNode],
                claim.text("spec", "volumeName").isEmpty, claim.meta.annotations[ClaimBinding.storageProvisioner] == "berth.io/local"
            else { continue }
            var volume = Samples.volume("pvc-\(claim.meta.uid)", storage: claim.text("spec", "resources", "requests", "storage"), spec: [
                "claimRef": claim.reference, "hostPath": .null, "local": ["path": .string("/volumes/\(claim.meta.uid)")],
                "persistentVolumeReclaimPolicy": "Delete",
                "nodeAffinity": [
                    "required": ["nodeSelectorTerms": [["matchExpressions": [["key": "kubernetes.io/hostname", "operator": "In", "values": [.string(node)]]]]]]
                ],
            ])
            volume.set("metadata", "uid", to: nil)
            // The claim may have changed twice before its volume was made.
            _ = try? await api.create(ResourceCatalog.persistentVolumes, volume)
        }
    }

    // MARK: what tests say

    @discardableResult
    func apply(_ object: JSONValue) async throws -> JSONValue {
        var object = object
        object.set("metadata", "uid", to: nil)
        return try await api.create(object.target.resource, namespace: object.meta.namespace, object)
    }

    func patch(_ resource: Resource, _ name: String, in namespace: String = "default", _ change: JSONValue) async throws {
        _ = try await api.modify(resource, namespace: namespace, name: name) { (old: JSONValue) throws(APIError) in
            var new = old
            new.merge(change)
            return new
        }
    }

    func delete(_ resource: Resource, _ name: String, in namespace: String = "default", _ propagation: DeleteOptions.Propagation? = nil) async throws {
        var options = DeleteOptions()
        options.propagation = propagation
        _ = try await api.delete(resource, namespace: namespace, name: name, options)
    }

    func names(_ resource: Resource, in namespace: String = "default") -> [String] { api.store.all(resource, namespace: namespace).map(\.meta.name) }

    func object(_ resource: Resource, _ name: String, in namespace: String = "default") -> JSONValue? {
        api.store.one(resource, namespace: namespace, name: name)
    }

    /// Returns once `condition` holds of the objects of `resource`; looks after each of their changes.
    func until(_ resource: Resource, _ condition: @Sendable ([JSONValue]) -> Bool) async throws {
        let changes = try api.watch(resource, from: .after(api.store.revision))
        if condition(api.store.all(resource)) { return }
        for await _ in changes where condition(api.store.all(resource)) { return }
        try Task.checkCancellation()
    }

    /// Returns once the set says that all its pods are as it wants them.
    func untilSettled(_ set: String = "web", replicas: Int) async throws {
        try await until(ResourceCatalog.statefulSets) { sets in
            guard let set = sets.first(where: { $0.meta.name == set }) else { return false }
            return set.number("status", "observedGeneration") == set.meta.generation && set.number("status", "replicas") == replicas
                && set.number("status", "readyReplicas") ?? 0 == replicas && set.text("status", "currentRevision") == set.text("status", "updateRevision")
        }
    }
}
