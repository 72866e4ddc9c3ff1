package import FoundationEssentials
package import KubeAPI

/// One thing for the agent to do. Actions of one answer may be done side by side, except that `createSandbox`, `fail`
/// and `finish` always come alone: do them, record the result, ask again.
package enum PodAction: Hashable, Sendable {
    case createSandbox(attempt: Int)
    /// Pull, plan and start the next attempt of the container of this name.
    case start(container: String)
    case kill(container: String, KillReason)
    /// Every container has ended: begin the next round of them.
    case restartAll
    /// Record this in `PodRecord.failure` and ask again.
    case fail(PodFailure)
    /// Every process of the pod is gone and none may come again: shut the sandbox down, set `isTerminal`, and, for a deleted pod, unmount
    /// and complete the deletion.
    case finish
    /// Nothing more to do before this time.
    case wake(at: Date)
}

/// Why a container is killed, and by that how long it may take.
package enum KillReason: Codable, Hashable, Sendable {
    /// The pod is being deleted, or is over: `metadata.deletionGracePeriodSeconds`, then the spec's own.
    case podEnding
    /// A probe decided so.
    case failedProbe(ProbeMachine.Kind)
    /// Its resize policy wants a new run for the resources it was granted.
    case resized
    /// The machine goes down.
    case nodeShutdown
    /// Another container's end has all of them start anew.
    case restartingAll
    /// The postStart hook failed.
    case failedPostStart
    /// The run belongs to a container that the spec or the sandbox no longer has.
    case orphaned
}

/// What to do while the machine goes down: everything ends in its order, and nothing is over by that.
package func suspensionActions(for pod: Pod, record: PodRecord) -> [PodAction] {
    let actions = PodActionPlanner(pod: pod, record: record, now: .distantPast).endingActions()
    return actions.compactMap { if case .kill(let name, .podEnding) = $0 { .kill(container: name, .nodeShutdown) } else { nil } }
}

/// What to do next for a pod, from its spec and what has happened so far. Pure: the same input gives the same answer,
/// and doing the answer and recording the result always moves on.
package func podActions(for pod: Pod, record: PodRecord, now: Date) -> [PodAction] {
    PodActionPlanner(pod: pod, record: record, now: now).actions()
}
