import KubeAPI

extension PodFailure {
    /// There was not enough of something.
    var isShortage: Bool { reason.hasPrefix("OutOf") }
}

/// The pods that make room for a critical one: those of the lowest class first, no more of the others than it takes, and
/// among equals those whose requests come closest to what is missing. Source: kubelet `pkg/kubelet/preemption`.
///
/// - Returns: nil when it would not fit even without all of them.
func preempted(by pod: Pod, among others: [Pod], on node: NodeFacts) -> [Pod]? {
    let missing = missing(for: pod, beside: others, on: node)
    func candidates(_ quality: QOSClass) -> [Pod] { others.filter { pod.displaces($0) && QOSClass(of: $0.spec) == quality } }
    let (bestEffort, burstable, guaranteed) = (candidates(.bestEffort), candidates(.burstable), candidates(.guaranteed))
    guard missing.without(bestEffort + burstable + guaranteed).isEmpty else { return nil }
    let first = closest(guaranteed, to: missing.without(bestEffort + burstable))
    let second = closest(burstable, to: missing.without(bestEffort + first))
    return closest(bestEffort, to: missing.without(first + second)) + second + first
}

/// What the pod asks for beyond what is free.
private func missing(for pod: Pod, beside others: [Pod], on node: NodeFacts) -> ResourceAmounts {
    let used = others.reduce(ResourceAmounts()) { $0.adding($1.held) }
    var missing: ResourceAmounts = [:]
    for (name, capacity) in ResourceAmounts(node.allocatable) {
        let short = pod.held[name, default: 0] + used[name, default: 0] - capacity
        // Who asks for nothing of it is not kept out by others who overdraw it.
        if short > 0, pod.held[name, default: 0] > 0 { missing[name] = short }
    }
    return missing
}

private func closest(_ pods: [Pod], to missing: ResourceAmounts) -> [Pod] {
    var (left, missing, chosen) = (pods, missing, [Pod]())
    while !missing.isEmpty {
        func distance(_ pod: Pod) -> Double {
            missing.reduce(0) { sum, want in
                let part = Double(max(want.value - pod.held[want.key, default: 0], 0)) / Double(want.value)
                return sum + part * part
            }
        }
        let rank = { (pod: Pod) in (distance(pod), pod.held["cpu", default: 0], pod.held["memory", default: 0]) }
        // Of equals always the same one.
        guard let best = left.min(by: { rank($0) == rank($1) ? $0.metadata.uid < $1.metadata.uid : rank($0) < rank($1) }) else { return chosen }
        chosen.append(best)
        left.removeAll { $0.metadata.uid == best.metadata.uid }
        missing = missing.without([best])
    }
    return chosen
}

extension ResourceAmounts {
    /// What is still missing when these pods are gone.
    fileprivate func without(_ pods: [Pod]) -> ResourceAmounts {
        let freed = pods.reduce(ResourceAmounts()) { $0.adding($1.held) }
        return reduce(into: [:]) { left, want in
            let amount = want.value - freed[want.key, default: 0]
            if amount > 0 { left[want.key] = amount }
        }
    }
}

extension Pod {
    /// What it takes of the node; a place among the pods is one of it.
    fileprivate var held: ResourceAmounts { spec.requests.merging(["pods": 1]) { _, one in one } }

    /// Source: kubelet `types.Preemptable`.
    fileprivate func displaces(_ other: Pod) -> Bool {
        if isCritical, !other.isCritical { return true }
        // Static pods may have none, and stay.
        guard let own = spec.priority, let theirs = other.spec.priority else { return false }
        return own > theirs
    }
}
