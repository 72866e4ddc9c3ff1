/// Which pulls run, when only so many may at a time: first come, first served. Source: kubelet, `maxParallelImagePulls`.
struct PullQueue: Hashable, Sendable {
    let limit: Int
    private(set) var running: Set<Int> = []
    private(set) var waiting: [Int] = []

    /// - Parameter limit: at least one runs, whatever it says.
    init(limit: Int) { self.limit = max(1, limit) }

    /// Whether the pull may start at once; else its turn comes by `end`.
    mutating func begin(_ pull: Int) -> Bool {
        guard running.count < limit else {
            waiting.append(pull)
            return false
        }
        running.insert(pull)
        return true
    }

    /// The pull is over, or nobody waits for it any more.
    /// - Returns: the one that may start in its place.
    mutating func end(_ pull: Int) -> Int? {
        guard running.remove(pull) != nil else {
            waiting.removeAll { $0 == pull }
            return nil
        }
        guard !waiting.isEmpty else { return nil }
        let next = waiting.removeFirst()
        running.insert(next)
        return next
    }
}
