import CPodLaunch
import CSandboxPlan

/// The directories of one cgroup, on v1 one per hierarchy: as a C array for those who cannot hold Swift's.
final class Cgroup {
    /// Ends with nil.
    let directories: UnsafeMutablePointer<Text?>
    private let count: Int

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

    /// A descriptor of the v2 directory, or -1; the caller closes it.
    func openUnified() -> Int32 {
        for i in 0..<count {
            let descriptor = pod_unified_cgroup(directories[i])
            if descriptor >= 0 { return descriptor }
        }
        return -1
    }

    func signal(_ signal: Int32) {
        // Any one of them lists all members.
        if count > 0 { pod_kill_cgroup(directories[0], signal) }
    }

    var oomKills: UInt64 {
        var kills: UInt64 = 0
        for i in 0..<count { kills += pod_oom_kills(directories[i]) }
        return kills
    }

    func remove() {
        for i in 0..<count { _ = pod_remove_cgroup(directories[i]) }
    }
}
