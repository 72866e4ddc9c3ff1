package import Glibc

/// One start of one container, as its supervisor remembers it until it is removed.
package struct ContainerRecord: Hashable, Codable, Sendable {
    package let id: String
    package let name: String
    package let attempt: Int
    /// As the host numbers it.
    package let pid: pid_t
    /// Field 22 of proc_pid_stat(5): with the boot id and the pid, the identity of the process.
    package let startTicks: UInt64
    package let startedAt: WallTime
    /// Nil while it runs.
    package var exit: ContainerExit?

    package init(id: String, name: String, attempt: Int, pid: pid_t, startTicks: UInt64, startedAt: WallTime, exit: ContainerExit?) {
        self.id = id
        self.name = name
        self.attempt = attempt
        self.pid = pid
        self.startTicks = startTicks
        self.startedAt = startedAt
        self.exit = exit
    }
}

package struct ContainerExit: Hashable, Codable, Sendable {
    package let id: String
    /// 0...255; for a signal 128 and its number.
    package let code: Int
    /// Nil when the process exited by itself.
    package let signal: Int?
    /// The kernel's out-of-memory killer has struck in the container's memory cgroup.
    package let oomKilled: Bool
    package let startedAt: WallTime
    package let finishedAt: WallTime

    package init(id: String, code: Int, signal: Int?, oomKilled: Bool, startedAt: WallTime, finishedAt: WallTime) {
        self.id = id
        self.code = code
        self.signal = signal
        self.oomKilled = oomKilled
        self.startedAt = startedAt
        self.finishedAt = finishedAt
    }
}

/// A moment of CLOCK_REALTIME: nanoseconds since 1970.
package struct WallTime: Hashable, Codable, Comparable, Sendable {
    package let nanoseconds: Int64
    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }
    package var seconds: Double { Double(nanoseconds) / 1e9 }
    package static func < (left: Self, right: Self) -> Bool { left.nanoseconds < right.nanoseconds }
}

package enum SandboxEvent: Hashable, Sendable {
    case exited(ContainerExit)
    /// Something of a start or exec is less than the plan asked for, such as a resource limit the kernel refused to raise.
    case warning(container: String, message: String)
    /// The supervisor has ended unasked: the last event. Its containers have been killed, their exits are unknown.
    case sandboxLost
}
