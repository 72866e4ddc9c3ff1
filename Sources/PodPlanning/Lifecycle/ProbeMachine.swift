package import FoundationEssentials
package import KubeAPI

/// Counts the results of one probe of one container run and decides what they mean. It keeps no clock and runs no
/// probe, and is stored, so that a restart of the daemon neither forgets failures nor flips a ready container.
package struct ProbeMachine: Codable, Hashable, Sendable {
    package enum Kind: String, Codable, Hashable, Sendable { case startup, liveness, readiness }

    /// What the agent does about a result.
    package enum Decision: Hashable, Sendable {
        case nothing
        /// The startup probe succeeded for the first time: `isStarted`; the other probes begin.
        case started
        /// Readiness changed.
        case ready(Bool)
        /// The container is to be killed, and restarted by its policy.
        case kill(Kind)
    }

    package let kind: Kind
    package let container: String
    package let containerID: String
    package let startedAt: Date
    package private(set) var lastProbe: Date?
    /// What has been decided so far; nil is undecided.
    package private(set) var isPassing: Bool?
    private var streak = 0
    private var streakPasses = false
    /// A decided failure holds the probe until the next run of the container.
    package private(set) var isOnHold = false

    package init(_ kind: Kind, container: String, containerID: String, startedAt: Date) {
        self.kind = kind
        self.container = container
        self.containerID = containerID
        self.startedAt = startedAt
    }

    /// When the probe is due next, which may be in the past; nil when it is not to run (any more, or before `containerStarted`).
    package func nextProbe(_ probe: Probe, containerStarted: Bool) -> Date? {
        guard !isOnHold, (kind == .startup) != containerStarted else { return nil }
        guard let lastProbe else { return startedAt.addingTimeInterval(Double(probe.initialDelaySeconds)) }
        return lastProbe.addingTimeInterval(Double(probe.period))
    }

    /// The time near `due` at which other probes of the same period run as well: they share one wake-up of the node, which costs as much as
    /// a probe. Slots are a fortieth of the period apart. The first probe of a container is not moved.
    package func slot(near due: Date, of probe: Probe) -> Date {
        guard lastProbe != nil else { return due }
        let width = Double(probe.period) / 40
        return Date(timeIntervalSince1970: (due.timeIntervalSince1970 / width).rounded() * width)
    }

    package mutating func record(passed: Bool, of probe: Probe, at now: Date) -> Decision {
        lastProbe = now
        guard !isOnHold else { return .nothing }
        streak = passed == streakPasses ? streak + 1 : 1
        streakPasses = passed
        guard streak >= (passed ? probe.successes : probe.failures), isPassing != passed else { return .nothing }
        isPassing = passed
        switch (kind, passed) {
        case (.startup, true):
            isOnHold = true
            return .started
        case (.startup, false), (.liveness, false):
            isOnHold = true
            return .kill(kind)
        case (.liveness, true): return .nothing
        case (.readiness, _): return .ready(passed)
        }
    }
}

extension Probe {
    /// Seconds, with the API's defaults where a field is zero.
    package var period: Int { periodSeconds > 0 ? periodSeconds : 10 }
    package var timeout: Int { timeoutSeconds > 0 ? timeoutSeconds : 1 }
    package var successes: Int { max(successThreshold, 1) }
    /// Seconds. A probe that is due later than that was put off by a clock that has been set back since.
    package var longestWait: Double { Double(initialDelaySeconds + 2 * period) }
    package var failures: Int { failureThreshold > 0 ? failureThreshold : 3 }
}
