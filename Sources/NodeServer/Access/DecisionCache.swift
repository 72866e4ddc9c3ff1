/// Remembers reviews, so that a request costs a round trip only now and then, and so that the last known answers hold
/// while the API server is away.
struct DecisionCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct Entry {
        let value: Value
        let freshUntil: ContinuousClock.Instant
    }

    private var entries: [Key: Entry] = [:]
    private let capacity: Int

    init(capacity: Int = 1024) { self.capacity = capacity }

    func fresh(_ key: Key, at now: ContinuousClock.Instant) -> Value? {
        entries[key].flatMap { $0.freshUntil > now ? $0.value : nil }
    }

    /// The last answer however old, for when nobody can be asked.
    func lastKnown(_ key: Key) -> Value? { entries[key]?.value }

    mutating func store(_ value: Value, for key: Key, lifetime: Duration, at now: ContinuousClock.Instant) {
        if entries.count >= capacity, entries[key] == nil {
            entries = entries.filter { $0.value.freshUntil > now }
            if entries.count >= capacity { entries.removeAll() }
        }
        entries[key] = Entry(value: value, freshUntil: now.advanced(by: lifetime))
    }
}
