import KubeAPI

/// The objects of one resource as far as they are durable, their latest changes, and who watches them.
struct ObjectTable {
    struct Change {
        let object: StoredObject
        let previous: StoredObject?
        let isRemoval: Bool
    }

    struct Watcher {
        let filter: ObjectFilter
        let wantsBookmarks: Bool
        let events: AsyncStream<WatchEvent>.Continuation
    }

    /// How many changes a watch may be behind before it has to list again.
    static let historyLimit = 256

    private(set) var objects: [ObjectKey: StoredObject] = [:]
    private(set) var history: [Change] = []
    /// Changes up to this revision are not in `history`.
    private(set) var compacted: Int
    var watchers: [Int: Watcher] = [:]

    init(compacted: Int) { self.compacted = compacted }

    mutating func load(_ object: StoredObject) { objects[object.key] = object }

    mutating func apply(_ change: StoredChange) {
        let key = change.object.key
        let entry = Change(object: change.object, previous: objects[key], isRemoval: change.isRemoval)
        objects[key] = change.isRemoval ? nil : change.object
        history.append(entry)
        if history.count >= 2 * Self.historyLimit {
            compacted = history[history.count - Self.historyLimit - 1].object.resourceVersion
            history.removeFirst(history.count - Self.historyLimit)
        }
        for (id, watcher) in watchers {
            guard let event = Self.event(for: entry, seenThrough: watcher.filter) else { continue }
            if case .enqueued = watcher.events.yield(event) { continue }
            // Too slow, or gone: it has to begin again.
            watcher.events.finish()
            watchers[id] = nil
        }
    }

    /// An object that comes into the filter's view is added for its watcher, one that leaves it is deleted.
    static func event(for change: Change, seenThrough filter: ObjectFilter) -> WatchEvent? {
        if let namespace = filter.namespace, namespace != change.object.key.namespace { return nil }
        let wasSeen = change.previous.map { filter.matches($0.value) } ?? false
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
