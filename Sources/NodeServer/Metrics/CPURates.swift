import FoundationEssentials
import Synchronization

/// How fast CPU time is used, between two looks at the same counters.
package final class CPURates: Sendable {
    private struct Look {
        var time: ContinuousClock.Instant
        /// Of CPU time, until then.
        var nanoseconds: UInt64
        /// Nanoseconds per second before it; nil of a first look.
        var rate: UInt64?
    }

    /// Between two that are closer, a clock tick would count for much.
    private static let shortest = Duration.seconds(1)
    private let looks = Mutex<[String: Look]>([:])

    package init() {}

    /// `usage` with the rates since the last look; none where this is the first. What it does not name is forgotten.
    package func complete(_ usage: NodeUsage, at now: ContinuousClock.Instant = .now) -> NodeUsage {
        looks.withLock { looks in
            var (usage, kept) = (usage, [String: Look]())
            func fill(_ resources: inout ResourceUsage, _ key: String) {
                // Another run has another start.
                let key = "\(key) \(resources.startTime.timeIntervalSince1970)"
                let look = Self.look(after: looks[key], at: resources.cpuNanoseconds, now)
                kept[key] = look
                resources.nanoCores = look.rate
            }
            fill(&usage.node, "")
            for pod in usage.pods.indices {
                let uid = usage.pods[pod].uid
                fill(&usage.pods[pod].total, uid)
                for index in usage.pods[pod].containers.indices {
                    fill(&usage.pods[pod].containers[index].usage, "\(uid)/\(usage.pods[pod].containers[index].name)")
                }
            }
            looks = kept
            return usage
        }
    }

    private static func look(after last: Look?, at nanoseconds: UInt64, _ now: ContinuousClock.Instant) -> Look {
        guard let last, nanoseconds >= last.nanoseconds else { return Look(time: now, nanoseconds: nanoseconds) }
        let passed = now - last.time
        guard passed >= shortest else { return last }
        return Look(time: now, nanoseconds: nanoseconds, rate: UInt64(Double(nanoseconds - last.nanoseconds) / (passed / .seconds(1))))
    }
}
