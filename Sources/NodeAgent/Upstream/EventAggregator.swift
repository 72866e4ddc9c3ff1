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

/// Turns notes into Event objects, as client-go's event correlator does: the same note again within an hour is the same
/// event with a higher count, many notes that differ in their message alone become one, and an object of which too much
/// is heard goes quiet. What is about is the object, not one version of it.
package struct EventAggregator: Sendable {
    private struct Seen: Dated {
        var name: String
        var first: Date
        var last: Date
        var count = 0
    }

    private struct Similar: Dated {
        var messages: Set<String> = []
        var last: Date
    }

    private struct Allowance: Dated {
        var events = EventAggregator.burst
        var last: Date
    }

    /// Seconds after which a note begins a new event; Events themselves live an hour.
    private static let memory: TimeInterval = 3600
    /// This many messages of one kind within so many seconds of each other are combined.
    private static let similar = (messages: 10, seconds: 600.0)
    /// Events about one object at once; after them, one each `refill` seconds.
    private static let burst = 25.0
    private static let refill: TimeInterval = 300

    private var seen = Recollection<EventNote, Seen>()
    private var similar = Recollection<EventNote, Similar>()
    private var allowances = Recollection<ObjectReference, Allowance>()
    private let component: String
    private let host: String

    package init(component: String, host: String) {
        self.component = component
        self.host = host
    }

    /// - Returns: nil when more has been heard of the object than its readers can bear.
    package mutating func event(for note: EventNote, at now: Date) -> Event? {
        let (message, key) = combined(note, at: now)
        var entry = seen[key] ?? Seen(name: Self.name(for: key, at: now), first: now, last: now)
        if now.timeIntervalSince(entry.last) > Self.memory { entry = Seen(name: Self.name(for: key, at: now), first: now, last: now) }
        entry.count += 1
        entry.last = now
        seen[key] = entry
        guard mayHear(of: key.subject, at: now) else { return nil }

        var event = Event()
        // Objects without a namespace have their events in `default`.
        event.metadata = ObjectMeta(name: entry.name, namespace: note.object.namespace.isEmpty ? "default" : note.object.namespace)
        event.involvedObject = note.object
        event.reason = note.reason
        event.message = message
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

    /// What the event says, and what it is counted under: its own note, or what the many like it have in common.
    private mutating func combined(_ note: EventNote, at now: Date) -> (message: String, key: EventNote) {
        var key = note
        key.object.resourceVersion = ""
        var common = key
        common.message = ""
        var group = similar[common] ?? Similar(last: now)
        if now.timeIntervalSince(group.last) > Self.similar.seconds { group.messages = [] }
        let isOneTooMany = !group.messages.contains(note.message) && group.messages.count >= Self.similar.messages - 1
        if !isOneTooMany { group.messages.insert(note.message) }
        group.last = now
        similar[common] = group
        return isOneTooMany ? ("(combined from similar events): \(note.message)", common) : (note.message, key)
    }

    private mutating func mayHear(of object: ObjectReference, at now: Date) -> Bool {
        var allowance = allowances[object] ?? Allowance(last: now)
        allowance.events = min(Self.burst, allowance.events + max(now.timeIntervalSince(allowance.last), 0) / Self.refill)
        allowance.last = now
        defer { allowances[object] = allowance }
        guard allowance.events >= 1 else { return false }
        allowance.events -= 1
        return true
    }

    /// `<object>.<nanoseconds in hexadecimal>`, plus a few bits of the note so that two in one instant differ.
    private static func name(for note: EventNote, at now: Date) -> String {
        let nanoseconds = UInt64(max(now.timeIntervalSince1970, 0) * 1_000_000_000)
        let salt = UInt64(UInt(bitPattern: note.hashValue) & 0xffff)
        return "\(note.object.name).\(String(nanoseconds & ~0xffff | salt, radix: 16))"
    }
}

extension EventNote {
    /// The object itself, whichever part and version of it the note is about.
    fileprivate var subject: ObjectReference {
        var object = object
        object.resourceVersion = ""
        object.fieldPath = ""
        return object
    }
}

private protocol Dated {
    var last: Date { get }
}

/// A dictionary that forgets the older half of itself rather than grow without end.
private struct Recollection<Key: Hashable & Sendable, Value: Dated & Sendable>: Sendable {
    private static var capacity: Int { 1024 }
    private var values: [Key: Value] = [:]

    subscript(key: Key) -> Value? {
        get { values[key] }
        set {
            values[key] = newValue
            guard values.count > Self.capacity else { return }
            let limit = values.values.map(\.last).sorted()[values.count / 2]
            values = values.filter { $0.value.last > limit }
        }
    }
}
