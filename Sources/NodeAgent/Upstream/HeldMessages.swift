import KubeClient

/// Objects whose messages the API server refuses for now. Each waits by itself, longer every time; the others go on.
struct HeldMessages: Sendable {
    private struct Hold: Sendable {
        var delay = RetryDelay()
        var end = ContinuousClock.now
    }

    private var holds: [String: Hold] = [:]

    /// - Returns: whether it is the first time in a row.
    mutating func hold(_ key: String, at now: ContinuousClock.Instant) -> Bool {
        var hold = holds[key] ?? Hold()
        let isFirst = hold.delay.failures == 0
        hold.end = now + hold.delay.next()
        holds[key] = hold
        return isFirst
    }

    /// A message about it was taken.
    mutating func release(_ key: String) { holds[key] = nil }

    /// Those that are not to be sent yet.
    func keys(at now: ContinuousClock.Instant) -> [String] { holds.filter { $0.value.end > now }.map(\.key) }

    /// Of all others nothing waits any more.
    mutating func keep(only keys: [String]) { holds = holds.filter { keys.contains($0.key) } }

    /// When the first of them may be sent.
    var end: ContinuousClock.Instant? { holds.values.map(\.end).min() }
}
