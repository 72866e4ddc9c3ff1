/// How many of the kernel's process ids, which threads take as well, are in use. Source: proc_sys_kernel(5), proc_loadavg(5).
package struct ProcessNumbers: Hashable, Sendable {
    /// The smaller of `pid_max` and `threads-max`; zero when the kernel does not tell.
    package var limit = 0
    package var used = 0

    package init(limit: Int = 0, used: Int = 0) {
        self.limit = limit
        self.used = used
    }

    /// - Parameter loadAverage: `/proc/loadavg`, whose fourth field is `runnable/existing`.
    package init(pidMax: String, threadsMax: String, loadAverage: String) {
        limit = [pidMax, threadsMax].compactMap { Int($0) }.min() ?? 0
        let fields = loadAverage.split(separator: " ")
        used = fields.count > 3 ? fields[3].split(separator: "/").last.flatMap { Int($0) } ?? 0 : 0
    }

    package static func read() -> ProcessNumbers {
        func line(_ path: String) -> String { SmallFile.firstLine(path) ?? "" }
        return ProcessNumbers(
            pidMax: line("/proc/sys/kernel/pid_max"), threadsMax: line("/proc/sys/kernel/threads-max"), loadAverage: line("/proc/loadavg"))
    }
}
