import PodPlanning
import SandboxPlan

/// Which pod of the node has which range of host ids. What is given out is kept in the pod's memory; this only sees to it
/// that no two pods get the same.
package actor UserRanges {
    private var ranges: [String: IDMapping] = [:]

    package init() {}

    /// The pod's range, now or from before; nil when all are taken.
    func range(for uid: String) -> IDMapping? {
        let range = ranges[uid] ?? IDRange.free(besides: Array(ranges.values))
        ranges[uid] = range
        return range
    }

    /// What the pod had before the daemon was started.
    func keep(_ range: IDMapping, for uid: String) { ranges[uid] = range }

    /// When nothing of the pod runs any more.
    func release(_ uid: String) { ranges[uid] = nil }
}
