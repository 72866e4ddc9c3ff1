import Glibc

/// Since when this machine runs, and for how long its processors were busy. Source: proc_stat(5).
package struct ProcessorTime: Hashable, Sendable {
    /// Seconds since the epoch.
    package var bootTime = 0
    /// Of all processors together, neither idle, waiting for disks, nor lent to other guests of the hypervisor.
    package var busyNanoseconds: UInt64 = 0

    /// - Parameter ticks: clock ticks per second that `text` counts in.
    package init(parsing text: String, ticks: Int = sysconf(CInt(_SC_CLK_TCK))) {
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.first == "btime", words.count > 1 { bootTime = Int(words[1]) ?? 0 }
            guard words.first == "cpu", words.count > 7 else { continue }
            // user, nice, system, (idle, iowait), irq, softirq
            let busy = [1, 2, 3, 6, 7].reduce(UInt64(0)) { $0 + (UInt64(words[$1]) ?? 0) }
            busyNanoseconds = busy * (1_000_000_000 / UInt64(max(ticks, 1)))
        }
    }

    package static func read() -> ProcessorTime {
        // Without /proc nothing else works either; zero is then the least of the troubles.
        ProcessorTime(parsing: (try? SmallFile.text("/proc/stat")) ?? "")
    }
}
