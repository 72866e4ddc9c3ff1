import CLinux
package import Glibc

/// A process that cannot be mistaken for a later one with the same number. Source: pidfd_open(2).
package struct ProcessHandle: ~Copyable, Sendable {
    package let pid: pid_t
    /// Readable when the process has ended.
    package let descriptor: OwnedFileDescriptor

    package init(pid: pid_t) throws(SystemCallError) {
        self.pid = pid
        descriptor = OwnedFileDescriptor(adopting: try systemCall("pidfd_open", on: "process \(pid)") { berth_pidfd_open(pid) })
    }

    package borrowing func send(signal: CInt) throws(SystemCallError) {
        let raw = descriptor.rawValue
        try systemCall("pidfd_send_signal", on: "process \(pid)") { berth_pidfd_signal(raw, signal) }
    }

    /// - Parameter milliseconds: at most this long; negative waits for ever.
    /// - Returns: whether it has ended.
    package borrowing func waitForEnd(milliseconds: CInt) throws(SystemCallError) -> Bool {
        var entry = pollfd(fd: descriptor.rawValue, events: Int16(POLLIN), revents: 0)
        return try systemCall("poll", on: "process \(pid)") { poll(&entry, 1, milliseconds) } > 0
    }

    /// Field 22 of proc_pid_stat(5), in clock ticks since boot: with the boot id it names a process for ever.
    /// Nil when there is no such process.
    package static func startTicks(of pid: pid_t) -> UInt64? {
        guard let stat = SmallFile.firstLine("/proc/\(pid)/stat"), let end = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[end...].split(separator: " ")
        return fields.count > 20 ? UInt64(fields[20]) : nil
    }
}
