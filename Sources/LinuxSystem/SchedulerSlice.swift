import CLinux

/// How long the scheduler lets a thread run before another has its turn. A thread that asks for short slices gets no more of a
/// busy machine than before, but gets it sooner after it wakes. Source: sched(7), sched_setattr(2); a kernel before 6.12 ignores it.
package enum SchedulerSlice {
    /// For work in short bursts with somebody waiting for each, as a daemon does.
    package static let short: UInt64 = 100_000

    /// Sets the slices of every thread of this process, and so of the threads and processes that they start.
    /// - Parameter nanoseconds: 100 µs to 100 ms, or 0 for the scheduler's default.
    package static func set(_ nanoseconds: UInt64) throws(SystemCallError) {
        for entry in try DirectoryEntry.list("/proc/self/task") {
            guard let thread = CInt(entry.name) else { continue }
            do throws(SystemCallError) {
                try systemCall("sched_setattr", on: "thread \(thread)") { berth_set_slice(thread, nanoseconds) }
            } catch where error.code == 3 {}  // ESRCH: it has ended meanwhile
        }
    }
}
