/// Remembers reviews, so that a request costs a round trip only now and then, and so that recent answers hold while the API
/// server is away.
struct DecisionCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct Entry {
        let value: Value
        let storedAt: ContinuousClock.Instant
        let freshUntil: ContinuousClock.Instant
    }

    /// How old an answer may be that holds because nobody can be asked: long enough for an API server to be restarted, short
    /// enough that a revoked token or right is not honoured for as long as the server stays away.
    static var greatestAge: Duration { .seconds(600) }

    private var entries: [Key: Entry] = [:]
    private let capacity: Int

    init(capacity: Int = 1024) { self.capacity = capacity }

    func fresh(_ key: Key, at now: ContinuousClock.Instant) -> Value? {
        entries[key].flatMap { $0.freshUntil > now ? $0.value : nil }
    }

    /// The last answer, up to `greatestAge` old, for when nobody can be asked.
    func lastKnown(_ key: Key, at now: ContinuousClock.Instant) -> Value? {
        entries[key].flatMap { $0.storedAt.advanced(by: Self.greatestAge) > now ? $0.value : nil }
    }

    mutating func store(_ value: Value, for key: Key, lifetime: Duration, at now: ContinuousClock.Instant) {
        if entries.count >= capacity, entries[key] == nil {
            entries = entries.filter { $0.value.freshUntil > now }
            if entries.count >= capacity { entries.removeAll() }
        }
        entries[key] = Entry(value: value, storedAt: now, freshUntil: now.advanced(by: lifetime))
    }
}
