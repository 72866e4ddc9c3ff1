package import FoundationEssentials

/// Tells from what is left of a node's resources, look by look, whether it is under pressure and has to act.
/// Source: kubelet `pkg/kubelet/eviction`, `synchronize`.
package struct PressureMachine: Hashable, Sendable {
    private let settings: EvictionSettings
    private var firstMetAt: [EvictionThreshold: Date] = [:]
    private var conditionSeenAt: [String: Date] = [:]
    /// Acted upon, and not over before the minimum reclaim is free as well.
    private var acted: Set<EvictionThreshold> = []

    package init(_ settings: EvictionSettings) { self.settings = settings }

    package struct Verdict: Hashable, Sendable {
        /// The conditions of the Node that are true.
        package var conditions: Set<String>
        /// What to reclaim first; nil when there is nothing to do.
        package var reclaim: EvictionThreshold?

        package init(conditions: Set<String>, reclaim: EvictionThreshold?) {
            self.conditions = conditions
            self.reclaim = reclaim
        }
    }

    /// - Parameter seen: signals that cannot be read are left out, and count as no trouble.
    package mutating func look(_ seen: [EvictionSignal: EvictionObservation], now: Date) -> Verdict {
        let met = settings.thresholds.filter { threshold in
            seen[threshold.signal].map { threshold.isMet($0, withReclaim: acted.contains(threshold)) } ?? false
        }
        firstMetAt = Dictionary(met.map { ($0, firstMetAt[$0] ?? now) }, uniquingKeysWith: min)
        for threshold in met { conditionSeenAt[threshold.signal.condition] = now }
        conditionSeenAt = conditionSeenAt.filter { now.timeIntervalSince($0.value) < settings.transitionPeriod || $0.value == now }
        let due = met.filter { now.timeIntervalSince(firstMetAt[$0] ?? now) >= $0.gracePeriod ?? 0 }
        acted = Set(due)
        // Memory first: it is gone soonest. Hard before soft, which leaves less time.
        let first = due.min { left, right in
            let order = { (threshold: EvictionThreshold) in (threshold.signal == .memory ? 0 : 1, threshold.gracePeriod == nil ? 0 : 1) }
            return order(left) < order(right)
        }
        return Verdict(conditions: Set(conditionSeenAt.keys), reclaim: first)
    }

    /// After something was given back: whether it suffices, the minimum reclaim included.
    package func isRelieved(_ seen: [EvictionSignal: EvictionObservation]) -> Bool {
        !settings.thresholds.contains { threshold in
            seen[threshold.signal].map { threshold.isMet($0, withReclaim: true) } ?? false
        }
    }
}
