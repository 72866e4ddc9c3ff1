import KubeAPI
package import KubeClient

/// Follows the ConfigMaps and Secrets of the node's pods, each by a watch of its own (a node may not list them), shared
/// by the pods that name it, and ended with the last of them.
package actor ObjectCache {
    package typealias Delivery = @Sendable (ObjectSnapshot) async -> Void

    private enum Value {
        case unknown, absent
        case configMap(ConfigMap)
        case secret(Secret)
    }

    private struct Follower {
        var keys: Set<ObjectKey>
        var deliver: Delivery
    }

    private let client: KubeClient
    private var values: [ObjectKey: Value] = [:]
    /// Ended by `forget`, with the last follower of their object.
    private var watches: [ObjectKey: Task<Void, Never>] = [:]
    private var followers: [String: Follower] = [:]
    private var version = 0

    package init(client: KubeClient) { self.client = client }

    /// Delivers a snapshot now and after every change, until `forget`.
    ///
    /// - Parameter known: what the ledger remembers, which counts until the API server has answered.
    package func follow(_ keys: Set<ObjectKey>, for podUID: String, known: ObjectSnapshot, deliver: @escaping Delivery) async {
        followers[podUID] = Follower(keys: keys, deliver: deliver)
        for key in keys {
            // Another pod may follow it already without remembering it.
            if watches[key] == nil || isUnknown(key) { values[key] = remembered(key, in: known) }
            if watches[key] == nil { watches[key] = Task { await self.watch(key) } }
        }
        await deliver(snapshot(of: keys))
    }

    package func forget(podUID: String) {
        guard let follower = followers.removeValue(forKey: podUID) else { return }
        for key in follower.keys where !followers.values.contains(where: { $0.keys.contains(key) }) {
            watches.removeValue(forKey: key)?.cancel()
            values[key] = nil
        }
    }

    /// Ends every watch.
    package func close() {
        for watch in watches.values { watch.cancel() }
        watches = [:]
        followers = [:]
    }

    private func isUnknown(_ key: ObjectKey) -> Bool { if case .unknown? = values[key] { true } else { false } }

    private func remembered(_ key: ObjectKey, in known: ObjectSnapshot) -> Value {
        let value: Value? =
            switch key.kind {
            case .configMap: known.configMaps[key.name].map(Value.configMap)
            case .secret: known.secrets[key.name].map(Value.secret)
            }
        return value ?? (known.isComplete ? .absent : .unknown)
    }

    private func watch(_ key: ObjectKey) async {
        switch key.kind {
        case .configMap:
            await Informer(ConfigMap.self, client: client, in: key.namespace, matching: .named(key.name)).run {
                await self.take($0, for: key, as: Value.configMap)
            }
        case .secret:
            await Informer(Secret.self, client: client, in: key.namespace, matching: .named(key.name)).run {
                await self.take($0, for: key, as: Value.secret)
            }
        }
    }

    private func take<Object: KubeObject>(_ change: InformerChange<Object>, for key: ObjectKey, as value: @Sendable (Object) -> Value) async {
        guard watches[key] != nil else { return }
        switch change {
        case .replaced(let objects, let unreadable):
            // What was read last counts on.
            if objects.isEmpty, !unreadable.isEmpty { return }
            values[key] = objects.first.map(value) ?? .absent
        case .applied(let object): values[key] = value(object)
        case .deleted: values[key] = .absent
        }
        version += 1
        for follower in followers.values where follower.keys.contains(key) { await follower.deliver(snapshot(of: follower.keys)) }
    }

    private func snapshot(of keys: Set<ObjectKey>) -> ObjectSnapshot {
        var snapshot = ObjectSnapshot(version: version, isComplete: true)
        for key in keys {
            switch values[key] {
            case .configMap(let object)?: snapshot.configMaps[key.name] = object
            case .secret(let object)?: snapshot.secrets[key.name] = object
            case .absent?: continue
            case .unknown?, nil: snapshot.isComplete = false
            }
        }
        return snapshot
    }
}
