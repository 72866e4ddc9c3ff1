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
    /// What a note says, and of which part of its object.
    fileprivate struct Line: Hashable {
        var part: String
        var kind: EventNote.Kind
        var reason: String
        var message: String
    }

    fileprivate struct Seen: Dated {
        var name: String
        var first: Date
        var last: Date
        var count = 0
    }

    fileprivate struct Similar: Dated {
        var messages: Set<String> = []
        var last: Date
    }

    /// All that was noted about one object.
    fileprivate struct Subject: Dated {
        var seen = Recollection<Line, Seen>(capacity: 128)
        var similar = Recollection<Line, Similar>(capacity: 128)
        /// How many events may be told at once.
        var allowance = EventAggregator.burst
        var last: Date
    }

    /// Seconds after which a note begins a new event; Events themselves live an hour.
    private static let memory: TimeInterval = 3600
    /// This many messages of one kind within so many seconds of each other are combined.
    fileprivate static let similar = (messages: 10, seconds: 600.0)
    /// Events about one object at once; after them, one each `refill` seconds.
    fileprivate static let burst = 25.0
    fileprivate static let refill: TimeInterval = 300

    private var subjects = Recollection<ObjectReference, Subject>(capacity: 1024)
    private let component: String
    private let host: String

    package init(component: String, host: String) {
        self.component = component
        self.host = host
    }

    /// - Returns: nil when more has been heard of the object than its readers can bear.
    package mutating func event(for note: EventNote, at now: Date) -> Event? {
        var subject = subjects[note.subject] ?? Subject(last: now)
        let (message, line) = subject.combined(note, at: now)
        var entry = subject.seen[line] ?? Seen(name: Self.name(for: note, line, at: now), first: now, last: now)
        if now.timeIntervalSince(entry.last) > Self.memory { entry = Seen(name: Self.name(for: note, line, at: now), first: now, last: now) }
        entry.count += 1
        entry.last = now
        subject.seen[line] = entry
        let isHeard = subject.mayBeHeard(at: now)
        subjects[note.subject] = subject
        guard isHeard else { return nil }

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

    /// The object is gone, and nothing will be said of it any more.
    package mutating func forget(uid: String) { subjects.removeAll { $0.uid == uid } }

    /// `<object>.<nanoseconds in hexadecimal>`, plus a few bits of the note so that two in one instant differ.
    private static func name(for note: EventNote, _ line: Line, at now: Date) -> String {
        let nanoseconds = UInt64(max(now.timeIntervalSince1970, 0) * 1_000_000_000)
        let salt = UInt64(UInt(bitPattern: line.hashValue) & 0xffff)
        return "\(note.object.name).\(String(nanoseconds & ~0xffff | salt, radix: 16))"
    }
}

extension EventAggregator.Subject {
    /// What the event says, and what it is counted under: its own note, or what the many like it have in common.
    fileprivate mutating func combined(_ note: EventNote, at now: Date) -> (message: String, line: EventAggregator.Line) {
        let line = EventAggregator.Line(part: note.object.fieldPath, kind: note.kind, reason: note.reason, message: note.message)
        var common = line
        common.message = ""
        var group = similar[common] ?? EventAggregator.Similar(last: now)
        if now.timeIntervalSince(group.last) > EventAggregator.similar.seconds { group.messages = [] }
        let isOneTooMany = !group.messages.contains(note.message) && group.messages.count >= EventAggregator.similar.messages - 1
        if !isOneTooMany { group.messages.insert(note.message) }
        group.last = now
        similar[common] = group
        return isOneTooMany ? ("(combined from similar events): \(note.message)", common) : (note.message, line)
    }

    fileprivate mutating func mayBeHeard(at now: Date) -> Bool {
        allowance = min(EventAggregator.burst, allowance + max(now.timeIntervalSince(last), 0) / EventAggregator.refill)
        last = now
        guard allowance >= 1 else { return false }
        allowance -= 1
        return true
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
    let capacity: Int
    private var values: [Key: Value] = [:]

    init(capacity: Int) { self.capacity = capacity }

    subscript(key: Key) -> Value? {
        get { values[key] }
        set {
            values[key] = newValue
            guard values.count > capacity else { return }
            let limit = values.values.map(\.last).sorted()[values.count / 2]
            values = values.filter { $0.value.last > limit }
        }
    }

    mutating func removeAll(where isGone: (Key) -> Bool) {
        for key in values.keys where isGone(key) { values[key] = nil }
    }
}
