package import FoundationEssentials

/// How long a container that keeps ending waits before it starts again: the first restart is at once, then 10 s, 20 s,
/// 40 s, ... up to 5 minutes; a run of 10 minutes is forgiven everything. Source: kubelet, `MaxContainerBackOff`.
package struct RestartBackOff: Codable, Hashable, Sendable {
    package static let initialDelay: TimeInterval = 10
    package static let maximumDelay: TimeInterval = 300
    package static let forgivenAfter: TimeInterval = 600

    /// Restarts since the last run that was long enough to be forgiven.
    package private(set) var restarts = 0

    package init() {}

    /// Seconds between the end of a run and the next start; zero for the first restart.
    package var delay: TimeInterval {
        // Beyond five doublings the cap holds, so the shift cannot overflow.
        restarts == 0 ? 0 : min(Self.initialDelay * Double(1 << min(restarts - 1, 5)), Self.maximumDelay)
    }

    package mutating func ended(afterRunning seconds: TimeInterval) {
        if seconds >= Self.forgivenAfter { restarts = 0 }
    }

    package mutating func restarted() { restarts += 1 }
}

extension Date {
    /// Whether the end of a wait is still to come. No wait is longer than the longest back-off: an end further away was set by a
    /// clock that has been set back since.
    package func isAwaited(at now: Date) -> Bool { self > now && timeIntervalSince(now) <= RestartBackOff.maximumDelay + 1 }
}
