package import FoundationEssentials
package import KubeAPI

/// What happened to an object, for its user to read.
package struct EventNote: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable { case normal = "Normal", warning = "Warning" }

    package var object: ObjectReference
    package var kind: Kind
    /// A word in CamelCase: Pulled, Created, Started, Killing, BackOff, Failed, FailedMount, Unhealthy, …
    package var reason: String
    package var message: String

    package init(_ kind: Kind, _ reason: String, _ message: String, about object: ObjectReference) {
        self.kind = kind
        self.reason = reason
        self.message = message
        self.object = object
    }
}

/// Turns notes into Event objects: the same note again within an hour is the same event with a higher count.
package struct EventAggregator: Sendable {
    private struct Seen {
        var name: String
        var first: Date
        var last: Date
        var count: Int
    }

    /// Seconds after which a note begins a new event; Events themselves live an hour.
    private static let memory: TimeInterval = 3600
    private static let capacity = 1024
    private var seen: [EventNote: Seen] = [:]
    private let component: String
    private let host: String

    package init(component: String, host: String) {
        self.component = component
        self.host = host
    }

    package mutating func event(for note: EventNote, at now: Date) -> Event {
        var entry = seen[note] ?? Seen(name: Self.name(for: note, at: now), first: now, last: now, count: 0)
        if now.timeIntervalSince(entry.last) > Self.memory { entry = Seen(name: Self.name(for: note, at: now), first: now, last: now, count: 0) }
        entry.count += 1
        entry.last = now
        seen[note] = entry
        if seen.count > Self.capacity { forgetOldest() }

        var event = Event()
        // Objects without a namespace have their events in `default`.
        event.metadata = ObjectMeta(name: entry.name, namespace: note.object.namespace.isEmpty ? "default" : note.object.namespace)
        event.involvedObject = note.object
        event.reason = note.reason
        event.message = note.message
        event.type = note.kind.rawValue
        event.source.component = component
        event.source.host = host
        event.reportingComponent = component
        event.reportingInstance = host
        event.firstTimestamp = Timestamp(entry.first)
        event.lastTimestamp = Timestamp(entry.last)
        event.count = entry.count
        return event
    }

    /// `<object>.<nanoseconds in hexadecimal>`, plus a few bits of the note so that two in one instant differ.
    private static func name(for note: EventNote, at now: Date) -> String {
        let nanoseconds = UInt64(max(now.timeIntervalSince1970, 0) * 1_000_000_000)
        let salt = UInt64(UInt(bitPattern: note.hashValue) & 0xffff)
        return "\(note.object.name).\(String(nanoseconds & ~0xffff | salt, radix: 16))"
    }

    private mutating func forgetOldest() {
        let limit = seen.values.map(\.last).sorted()[seen.count / 2]
        seen = seen.filter { $0.value.last > limit }
    }
}
