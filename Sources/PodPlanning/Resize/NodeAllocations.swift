package import KubeAPI

/// What a pod has been granted, and why not more.
package struct ResourceGrant: Hashable, Sendable {
    package var allocation: ResourceAllocation
    /// Why a wanted resize was not granted, with the reason Deferred or Infeasible.
    package var pending: PodFailure?

    package init(allocation: ResourceAllocation, pending: PodFailure? = nil) {
        self.allocation = allocation
        self.pending = pending
    }
}

/// What the pods of a node hold of it: the one place that says who fits, whether a pod is new or wants to grow. A value, so
/// that a decision and its record are one step.
package struct NodeAllocations: Sendable {
    /// Each as it was granted, by uid; pods that are over hold nothing.
    private var granted: [String: Pod] = [:]
    /// Resizes that there was no room for, as wanted, by uid.
    private var deferred: [String: Pod] = [:]

    package init() {}

    /// Every pod that holds something, as it was granted.
    package var pods: [Pod] { Array(granted.values) }

    /// Takes a pod up without asking whether it fits: it runs here already.
    package mutating func restore(_ pod: Pod, _ allocation: ResourceAllocation?) {
        granted[pod.metadata.uid] = allocation?.applied(to: pod) ?? pod
    }

    /// Asks whether a new pod may run here; if so, it holds what it asked for.
    package mutating func admit(_ pod: Pod, taints: [Taint], on node: NodeFacts) -> PodFailure? {
        if let failure = admissionFailure(of: pod, admitted: others(than: pod), taints: taints, on: node) { return failure }
        granted[pod.metadata.uid] = pod
        return nil
    }

    /// The same for a critical pod, for which others give up what they hold if nothing else keeps it out.
    ///
    /// - Parameter victims: who has to end for it.
    package mutating func admit(_ pod: Pod, taints: [Taint], on node: NodeFacts, displacing victims: inout [Pod]) -> PodFailure? {
        guard let failure = admit(pod, taints: taints, on: node) else { return nil }
        guard failure.isShortage, pod.isCritical, let displaced = preempted(by: pod, among: others(than: pod), on: node) else { return failure }
        var attempt = self
        for victim in displaced { attempt.release(victim.metadata.uid) }
        if attempt.admit(pod, taints: taints, on: node) != nil { return failure }
        self = attempt
        victims = displaced
        return nil
    }

    /// Looks at the newest version of a pod that holds something.
    ///
    /// - Returns: nil for a pod that is not known here, or over.
    package mutating func review(_ pod: Pod, on node: NodeFacts) -> ResourceGrant? {
        let uid = pod.metadata.uid
        guard let held = granted[uid] else { return nil }
        let before = ResourceAllocation(of: held.spec)
        deferred[uid] = nil
        switch resizeVerdict(for: pod, from: before, admitted: others(than: pod), on: node) {
        case .unchanged: return ResourceGrant(allocation: before)
        case .granted(let allocation):
            granted[uid] = allocation.applied(to: pod)
            return ResourceGrant(allocation: allocation)
        case .deferred(let message):
            deferred[uid] = pod
            return ResourceGrant(allocation: before, pending: PodFailure(reason: "Deferred", message: message))
        case .infeasible(let message):
            return ResourceGrant(allocation: before, pending: PodFailure(reason: "Infeasible", message: message))
        }
    }

    /// A pod is over, or gone.
    package mutating func release(_ uid: String) {
        granted[uid] = nil
        deferred[uid] = nil
    }

    /// Asks again for the resizes that wait, the most important pods first. Source: kubelet, `sortPendingResizes`.
    ///
    /// - Returns: the grants that are new, by uid.
    package mutating func reviewDeferred(on node: NodeFacts) -> [String: ResourceGrant] {
        var news: [String: ResourceGrant] = [:]
        let waiting = deferred.values.sorted {
            let (left, right) = ($0.spec.priority ?? 0, $1.spec.priority ?? 0)
            return left != right ? left > right : $0.metadata.uid < $1.metadata.uid
        }
        for pod in waiting {
            guard let grant = review(pod, on: node), grant.pending == nil else { continue }
            news[pod.metadata.uid] = grant
        }
        return news
    }

    private func others(than pod: Pod) -> [Pod] { granted.values.filter { $0.metadata.uid != pod.metadata.uid } }
}
