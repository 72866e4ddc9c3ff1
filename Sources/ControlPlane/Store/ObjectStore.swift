import GRDB
package import KubeAPI
package import Sealing
import Synchronization

/// All objects of the API: durable in SQLite, served from memory.
///
/// A write takes its revision at once, waits for the disk together with the writes that arrived meanwhile (one fsync for
/// all of them), and only then becomes visible to readers and watches, in revision order.
package final class ObjectStore: Sendable {
    private typealias Outcome = Result<StoredObject, StoreError>

    private struct Pending {
        let change: StoredChange
        let continuation: CheckedContinuation<Outcome, Never>
    }

    private struct Underway {
        let version: Int
        /// Nil when it is a removal.
        let object: StoredObject?
    }

    private struct State {
        var tables: [String: ObjectTable] = [:]
        /// The highest durable revision.
        var revision: Int
        /// The highest revision given out.
        var staged: Int
        /// Of keys with a write on its way to the disk: the newest one.
        var newest: [ObjectKey: Underway] = [:]
        var queue: [Pending] = []
        var isCommitting = false
        var lastWatcher = 0

        func latest(_ key: ObjectKey) -> StoredObject? {
            if let underway = newest[key] { return underway.object }
            return tables[key.resource]?.objects[key]
        }
    }

    private let database: ObjectDatabase
    private let state: Mutex<State>

    /// Opens or creates the database at `path`, and reads all of it.
    ///
    /// - Parameter seal: encrypts the Secrets in it.
    package init(path: String, seal: MachineSeal) throws(StoreError) {
        database = try ObjectDatabase(path: path, seal: seal)
        do {
            let (revision, objects) = try database.load()
            var state = State(revision: revision, staged: revision)
            for object in objects {
                state.tables[object.key.resource, default: ObjectTable(compacted: revision)].load(object)
            }
            for resource in ResourceCatalog.all where state.tables[resource.storageName] == nil {
                state.tables[resource.storageName] = ObjectTable(compacted: revision)
            }
            self.state = Mutex(state)
        } catch {
            throw StoreError(opening: path, error)
        }
    }

    // MARK: Reading

    /// Changes up to here are visible.
    package var revision: Int { state.withLock { $0.revision } }

    /// The durable version.
    package func object(_ key: ObjectKey) -> StoredObject? { state.withLock { $0.tables[key.resource]?.objects[key] } }

    /// The version that a write has to build on: it may not be durable yet, so it must not be shown to anybody.
    package func latest(_ key: ObjectKey) -> StoredObject? { state.withLock { $0.latest(key) } }

    /// In the order of namespace, then name, with the revision they were read at.
    package func objects(of resource: Resource, matching filter: ObjectFilter = ObjectFilter()) -> (objects: [StoredObject], revision: Int) {
        let (all, revision) = state.withLock { ($0.tables[resource.storageName]?.objects ?? [:], $0.revision) }
        let matching = all.values.filter { object in
            (filter.namespace == nil || filter.namespace == object.key.namespace) && filter.matches(object.value)
        }
        return (matching.sorted { ($0.key.namespace, $0.key.name) < ($1.key.namespace, $1.key.name) }, revision)
    }

    // MARK: Writing

    /// Stores `value` with a new `metadata.resourceVersion`; returns when it is durable.
    ///
    /// - Parameter version: the resource version this replaces; nil when the object must not exist yet.
    /// - Throws: `.conflict`, also for an object that exists although `version` is nil; `.writeFailed`.
    package func put(_ value: JSONValue, at key: ObjectKey, replacing version: Int?) async throws(StoreError) -> StoredObject {
        try await write(value, at: key, replacing: version, isRemoval: false)
    }

    /// Removes the object at `version`. `value` is what watches see of it last. Returns when that is durable.
    package func remove(_ value: JSONValue, at key: ObjectKey, replacing version: Int) async throws(StoreError) -> StoredObject {
        try await write(value, at: key, replacing: version, isRemoval: true)
    }

    private func write(_ value: JSONValue, at key: ObjectKey, replacing version: Int?, isRemoval: Bool) async throws(StoreError) -> StoredObject {
        let outcome: Outcome = await withCheckedContinuation { continuation in
            let mustStart = state.withLock { state in
                guard state.latest(key)?.resourceVersion == version else {
                    continuation.resume(returning: .failure(.conflict))
                    return false
                }
                state.staged += 1
                var value = value
                value["metadata"]?["resourceVersion"] = .string("\(state.staged)")
                let object = StoredObject(key: key, resourceVersion: state.staged, value: value, bytes: value.serialized())
                state.newest[key] = Underway(version: object.resourceVersion, object: isRemoval ? nil : object)
                state.queue.append(Pending(change: StoredChange(object: object, isRemoval: isRemoval), continuation: continuation))
                defer { state.isCommitting = true }
                return !state.isCommitting
            }
            if mustStart { commit() }
        }
        return try outcome.get()
    }

    /// Writes batch after batch on the connection's queue until none is left.
    private func commit() {
        database.connection.asyncWriteWithoutTransaction { [self] connection in
            while true {
                let batch = state.withLock { state -> [Pending] in
                    defer { state.queue.removeAll() }
                    state.isCommitting = !state.queue.isEmpty
                    return state.queue
                }
                guard let last = batch.last else { return }
                do {
                    try database.write(batch.lazy.map(\.change), revision: last.change.object.resourceVersion, to: connection)
                    publish(batch)
                } catch {
                    fail(batch, .writeFailed(cause: "\(error)"))
                }
            }
        }
    }

    private func publish(_ batch: [Pending]) {
        state.withLock { state in
            for pending in batch {
                let object = pending.change.object
                state.tables[object.key.resource, default: ObjectTable(compacted: state.revision)].apply(pending.change)
                state.revision = object.resourceVersion
                if state.newest[object.key]?.version == object.resourceVersion { state.newest[object.key] = nil }
            }
        }
        for pending in batch { pending.continuation.resume(returning: .success(pending.change.object)) }
    }

    /// The writes queued since then may build on the failed ones, so they fail as well.
    private func fail(_ batch: [Pending], _ error: StoreError) {
        let queued = state.withLock { state in
            defer { state.queue.removeAll() }
            state.newest.removeAll()
            return state.queue
        }
        for pending in batch + queued { pending.continuation.resume(returning: .failure(error)) }
    }

    // MARK: Watching

    /// Where a watch begins.
    package enum WatchStart: Sendable {
        /// Now, after the objects there are, each as an `added` event.
        case initialEvents
        /// With the changes after this revision.
        case after(Int)
    }

    /// - Parameter endsInitialEvents: a bookmark follows the initial events, as streaming lists expect.
    /// - Throws: `.compacted`
    package func watch(
        _ resource: Resource, matching filter: ObjectFilter, from start: WatchStart, bookmarks: Bool = false, endsInitialEvents: Bool = false
    ) throws(StoreError) -> ObjectWatch {
        try state.withLock { state throws(StoreError) in
            let name = resource.storageName
            let table = state.tables[name] ?? ObjectTable(compacted: state.revision)
            var initial: [WatchEvent] = []
            switch start {
            case .initialEvents:
                for object in table.objects.values {
                    guard filter.namespace ?? object.key.namespace == object.key.namespace, filter.matches(object.value) else { continue }
                    initial.append(WatchEvent(kind: .added, resourceVersion: object.resourceVersion, object: object))
                }
            case .after(let revision): initial = try table.events(after: revision, seenThrough: filter)
            }
            if endsInitialEvents {
                initial.append(WatchEvent(kind: .bookmark, resourceVersion: state.revision, object: nil, endsInitialEvents: true))
            }
            let (stream, events) = AsyncStream.makeStream(of: WatchEvent.self, bufferingPolicy: .bufferingOldest(initial.count + 4096))
            for event in initial { events.yield(event) }
            state.lastWatcher += 1
            let id = state.lastWatcher
            state.tables[name, default: table].watchers[id] = .init(filter: filter, wantsBookmarks: bookmarks, events: events)
            return ObjectWatch(stream: stream) { [weak self] in self?.endWatch(id, of: name) }
        }
    }

    private func endWatch(_ id: Int, of table: String) {
        state.withLock { $0.tables[table]?.watchers.removeValue(forKey: id) }?.events.finish()
    }

    /// Tells the watches that asked for it how far they are, so that they can resume there after a quiet time.
    package func sendBookmarks() {
        state.withLock { state in
            for table in state.tables.values {
                for watcher in table.watchers.values where watcher.wantsBookmarks {
                    watcher.events.yield(WatchEvent(kind: .bookmark, resourceVersion: state.revision, object: nil))
                }
            }
        }
    }

    /// Ends every watch, so that their connections can close.
    package func endWatches() {
        let watchers = state.withLock { state in
            defer { for name in state.tables.keys { state.tables[name]?.watchers.removeAll() } }
            return state.tables.values.flatMap(\.watchers.values)
        }
        for watcher in watchers { watcher.events.finish() }
    }
}
