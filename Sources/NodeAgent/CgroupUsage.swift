import LinuxSystem
package import PodPlanning

/// What the processes of one cgroup have used. Source: the kernel's admin guide, cgroup-v2.rst and cgroup-v1/memory.rst.
package struct CgroupUsage: Hashable, Sendable {
    package var cpuNanoseconds: UInt64 = 0
    /// Bytes in use less those of files that nobody has touched for a while.
    package var workingSetBytes: UInt64 = 0

    /// Zero for what the kernel does not tell, for instance of a cgroup that is gone.
    package init(of path: String, in layout: CgroupLayout) {
        switch layout {
        case .v2:
            let directory = layout.directory(path, controller: "") ?? ""
            cpuNanoseconds = (Self.field("usage_usec", in: "\(directory)/cpu.stat") ?? 0) * 1000
            set(used: Self.number("\(directory)/memory.current"), inactive: Self.field("inactive_file", in: "\(directory)/memory.stat"))
        case .v1:
            if let directory = layout.directory(path, controller: "cpuacct") {
                cpuNanoseconds = Self.number("\(directory)/cpuacct.usage") ?? 0
            }
            if let directory = layout.directory(path, controller: "memory") {
                set(
                    used: Self.number("\(directory)/memory.usage_in_bytes"),
                    inactive: Self.field("total_inactive_file", in: "\(directory)/memory.stat"))
            }
        }
    }

    private mutating func set(used: UInt64?, inactive: UInt64?) {
        let used = used ?? 0
        workingSetBytes = used - min(inactive ?? 0, used)
    }

    private static func number(_ path: String) -> UInt64? { SmallFile.firstLine(path).flatMap { UInt64($0) } }

    private static func field(_ name: String, in path: String) -> UInt64? {
        // A cgroup that is gone has used nothing any more.
        guard let text = try? SmallFile.text(path) else { return nil }
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 2, words[0] == name { return UInt64(words[1]) }
        }
        return nil
    }
}
