package import FoundationEssentials
import KubeAPI

/// What the agent knows of one pod beyond its spec, and keeps in the ledger: everything `podActions` and `podStatus`
/// decide from. It is changed by what happened (a container started, one ended), never by what is intended.
package struct PodRecord: Codable, Hashable, Sendable {
    /// When the agent took the pod on; `status.startTime`, and where `activeDeadlineSeconds` counts from.
    package var startTime: Date
    package var sandbox: SandboxState
    /// In the order of the network result; empty while there is no sandbox. The host's, for `hostNetwork`.
    package var podIPs: [String]
    /// By container name, which is unique across the three lists of the spec.
    package var containers: [String: ContainerProgress]
    /// How often all containers of the pod were started anew by a rule of theirs; nil is never.
    package var round: Int?
    /// Why the pod failed as a whole: refused by admission, past its deadline, evicted. Never cleared.
    package var failure: PodFailure?
    /// Seconds its containers get at most, when the node ends it.
    package var graceLimit: Int?
    /// Why the node ended it, for the condition DisruptionTarget.
    package var disruption: PodFailure?
    /// What the node granted of the spec's resources; nil in records of before there were resizes: all of it.
    package var allocation: ResourceAllocation?
    /// What the pod's own cgroup was last set to; nil without a sandbox, and in records of before there were resizes.
    package var allocationInForce: ResourceAllocation?
    /// Why a wanted resize was not granted, with the reason Deferred or Infeasible.
    package var resizePending: PodFailure?
    /// Why a granted resize could not be carried out yet.
    package var resizeError: String?
    /// The pod is over for good: every container ended and was counted, and nothing may run again.
    package var isTerminal: Bool
    /// Not before this time is another sandbox tried, after one could not be made.
    package var sandboxRetryAt: Date?
    /// What the last attempt to set the pod up ended with; nil after one that succeeded.
    package var sandboxError: String?

    package init(startTime: Date) {
        self.startTime = startTime
        sandbox = .none(attempt: 0)
        podIPs = []
        containers = [:]
        isTerminal = false
    }

    /// The network is set up and containers may start.
    package mutating func sandboxReady(attempt: Int, podIPs: [String]) {
        sandbox = .ready(attempt: attempt)
        self.podIPs = podIPs
        sandboxRetryAt = nil
        sandboxError = nil
    }

    /// Every container has ended, and all start anew, init containers first.
    package mutating func beginRound() { round = (round ?? 0) + 1 }

    /// Some container has ended in a way that has all of them start anew, which has not begun yet.
    func isRestartingAll(_ spec: PodSpec) -> Bool {
        (spec.initContainers + spec.containers).contains { container in
            guard let run = containers[container.name]?.current, run.round == round, let end = run.end else { return false }
            return container.restartsAll(after: end.exitCode)
        }
    }

    /// The supervisor is gone, after a reboot or a crash, and with it every process. Runs without an exit record end
    /// here, with the code 255 and the reason that the container's fate is unknown.
    package mutating func sandboxLost(at now: Date) {
        sandbox = .none(attempt: sandbox.attempt + 1)
        podIPs = []
        allocationInForce = nil
        for name in containers.keys where containers[name]?.isRunning == true {
            let message = "The container could not be located when the pod was deleted.  The container used to be Running"
            containers[name]?.ended(ContainerEnd(exitCode: 255, reason: "ContainerStatusUnknown", message: message, finishedAt: now))
        }
    }

    /// Something still runs with other resources than the pod was granted.
    package var isResizing: Bool {
        guard let allocation, sandbox.isReady, !isTerminal else { return false }
        if let allocationInForce, allocationInForce != allocation { return true }
        return containers.contains { name, progress in
            guard let run = progress.current, run.end == nil, let running = run.resources, let granted = allocation.containers[name] else { return false }
            return running != granted
        }
    }

    package subscript(container name: String) -> ContainerProgress {
        get { containers[name] ?? ContainerProgress() }
        set { containers[name] = newValue }
    }
}

/// Whether the pod's namespaces exist; `attempt` counts sandboxes from zero.
package enum SandboxState: Codable, Hashable, Sendable {
    case none(attempt: Int)
    case ready(attempt: Int)

    package var attempt: Int {
        switch self {
        case .none(let attempt), .ready(let attempt): attempt
        }
    }
    package var isReady: Bool { if case .ready = self { true } else { false } }
}

/// `status.reason` and `status.message` of a pod that failed as a whole.
package struct PodFailure: Codable, Hashable, Sendable, Error {
    package var reason: String
    package var message: String
    package init(reason: String, message: String) {
        self.reason = reason
        self.message = message
    }
}
