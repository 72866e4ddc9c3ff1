import KubeAPI

/// The objects of one resource as far as they are durable, their latest changes, and who watches them.
struct ObjectTable {
    /// A change that may be asked for again, as bytes: parsed, an object takes ten times the room.
    struct Change {
        let key: ObjectKey
        let resourceVersion: Int
        let bytes: [UInt8]
        let previous: [UInt8]?
        let isRemoval: Bool
    }

    struct Watcher {
        let filter: ObjectFilter
        let wantsBookmarks: Bool
        let events: AsyncStream<WatchEvent>.Continuation
    }

    /// How many changes a watch may be behind before it has to list again. Each holds a version of its object: of pods, seven kilobytes.
    static let historyLimit = 128
    /// How many more are kept until they are let go together.
    private static let historySlack = 32

    private(set) var objects: [ObjectKey: StoredObject] = [:]
    private(set) var history: [Change] = []
    /// Changes up to this revision are not in `history`.
    private(set) var compacted: Int
    var watchers: [Int: Watcher] = [:]

    init(compacted: Int) { self.compacted = compacted }

    mutating func load(_ object: StoredObject) { objects[object.key] = object.kept }

    mutating func apply(_ change: StoredChange) {
        let key = change.object.key
        let previous = objects[key]
        objects[key] = change.isRemoval ? nil : change.object.kept
        history.append(
            Change(
                key: key, resourceVersion: change.object.resourceVersion, bytes: change.object.bytes, previous: previous?.bytes,
                isRemoval: change.isRemoval))
        if history.count >= Self.historyLimit + Self.historySlack {
            compacted = history[history.count - Self.historyLimit - 1].resourceVersion
            history.removeFirst(history.count - Self.historyLimit)
        }
        for (id, watcher) in watchers {
            guard let event = Self.event(for: change, after: previous, seenThrough: watcher.filter) else { continue }
            if case .enqueued = watcher.events.yield(event) { continue }
            // Too slow, or gone: it has to begin again.
            watcher.events.finish()
            watchers[id] = nil
        }
    }

    /// The changes after `revision` as a watcher with this filter would have seen them.
    /// - Throws: when the history does not go back as far.
    func events(after revision: Int, seenThrough filter: ObjectFilter) throws(StoreError) -> [WatchEvent] {
        guard revision >= compacted else { throw .compacted(requested: revision, oldest: compacted) }
        var events: [WatchEvent] = []
        for change in history where change.resourceVersion > revision && filter.namespace ?? change.key.namespace == change.key.namespace {
            let object = StoredObject(key: change.key, resourceVersion: change.resourceVersion, bytes: change.bytes)
            let previous = change.previous.map { StoredObject(key: change.key, resourceVersion: 0, bytes: $0) }
            let stored = StoredChange(object: object, isRemoval: change.isRemoval)
            if let event = Self.event(for: stored, after: previous, seenThrough: filter) { events.append(event) }
        }
        return events
    }

    /// An object that comes into the filter's view is added for its watcher, one that leaves it is deleted.
    private static func event(for change: StoredChange, after previous: StoredObject?, seenThrough filter: ObjectFilter) -> WatchEvent? {
        if let namespace = filter.namespace, namespace != change.object.key.namespace { return nil }
        let wasSeen = previous.map { filter.matches($0.value) } ?? false
        let isSeen = !change.isRemoval && filter.matches(change.object.value)
        let kind: WatchEvent.Kind
        switch (wasSeen, isSeen) {
        case (false, false): return nil
        case (false, true): kind = .added
        case (true, true): kind = .modified
        case (true, false): kind = .deleted
        }
        return WatchEvent(kind: kind, resourceVersion: change.object.resourceVersion, object: change.object)
    }
}
