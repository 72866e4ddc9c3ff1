import CPodLaunch
import CSandboxPlan

/// The directories of one cgroup, on v1 one per hierarchy: as a C array for those who cannot hold Swift's.
final class Cgroup {
    /// Ends with nil.
    let directories: UnsafeMutablePointer<Text?>
    private let count: Int
    private var memory: Text?

    init(_ plan: Plan, _ cgroup: berth_cgroup) {
        let spans = plan.array(cgroup.directories, of: berth_span.self)
        count = spans.count
        directories = .allocate(capacity: count + 1)
        for i in 0..<count { directories[i] = Text(pod_copy(plan.text(spans[i]))) }
        directories[count] = nil
    }

    deinit {
        for i in 0..<count { pod_free(directories[i]) }
        directories.deallocate()
    }

    /// Which of the directories is, or will be, on v2, or -1: the same for every cgroup of the pod, whose plans list the hierarchies in one order.
    static func unifiedIndex(_ plan: Plan, _ cgroup: berth_cgroup) -> Int {
        let spans = plan.array(cgroup.directories, of: berth_span.self)
        // Beside hierarchies of v1 it is the last.
        var index = spans.count - 1
        while index >= 0, pod_lies_unified(plan.text(spans[index])) == 0 { index -= 1 }
        return index
    }

    /// A descriptor of the v2 directory, or -1; the caller closes it.
    func openUnified(_ index: Int) -> Int32 {
        index >= 0 && index < count ? pod_unified_cgroup(directories[index]) : -1
    }

    func signal(_ signal: Int32) {
        // Any one of them lists all members.
        if count > 0 { pod_kill_cgroup(directories[0], signal) }
    }

    /// Finds out which hierarchy tells of OOM kills, when there is time for it; one does at most.
    func lookForMemory() {
        for i in 0..<count where pod_oom_kills(directories[i]) >= 0 {
            memory = directories[i]
            return
        }
    }

    var hasOOMKills: Bool {
        guard let memory else { return false }
        return pod_oom_kills(memory) > 0
    }

    func remove() {
        for i in 0..<count { _ = pod_remove_cgroup(directories[i]) }
    }
}
