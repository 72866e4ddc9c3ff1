/// Bytes. Source: proc_meminfo(5).
package struct MemoryInfo: Hashable, Sendable {
    package var total = 0
    package var available = 0
    package var free = 0
    /// File pages that nobody has used lately.
    package var inactiveFile = 0

    /// What could not be reclaimed easily, as kubelet counts it for the whole machine.
    package var workingSet: Int { max(total - free - inactiveFile, 0) }

    package init(parsing text: String) {
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count >= 2, let kibibytes = Int(words[1]) else { continue }
            switch words[0] {
            case "MemTotal:": total = kibibytes << 10
            case "MemAvailable:": available = kibibytes << 10
            case "MemFree:": free = kibibytes << 10
            case "Inactive(file):": inactiveFile = kibibytes << 10
            default: continue
            }
        }
    }

    package static func read() -> MemoryInfo {
        // Without /proc nothing else works either; zero is then the least of the troubles.
        MemoryInfo(parsing: (try? SmallFile.text("/proc/meminfo")) ?? "")
    }
}
