import LinuxSystem
package import PodPlanning

/// What a cgroup has used, read when asked for. Source: cgroup-v2.rst, and kubelet's definition of the working set.
package struct CgroupStatistics: Hashable, Sendable {
    /// CPU time since the cgroup was made. Nanoseconds.
    package var cpuNanoseconds: UInt64
    /// Memory in use, page cache included. Bytes.
    package var memoryUsageBytes: UInt64
    /// What could not be reclaimed easily: usage without inactive file pages. Bytes.
    package var memoryWorkingSetBytes: UInt64
    /// Anonymous memory. Bytes.
    package var memoryRSSBytes: UInt64
    package var processes: UInt64

    /// - Parameter path: relative to the hierarchies' mount points, such as `kubepods/burstable/pod<uid>`.
    /// - Returns: nil when there is no such cgroup. A controller that is not available counts as zero.
    package init?(of path: String, in layout: CgroupLayout) {
        func value(_ controller: String, _ file: String) -> UInt64? {
            layout.directory(path, controller: controller).flatMap { SmallFile.firstLine("\($0)/\(file)") }.flatMap { UInt64($0) }
        }
        func field(_ name: String, _ controller: String, _ file: String) -> UInt64? {
            guard let directory = layout.directory(path, controller: controller), let text = try? SmallFile.text("\(directory)/\(file)")
            else { return nil }  // no such controller here
            for line in text.split(separator: "\n") where line.hasPrefix("\(name) ") { return UInt64(line.dropFirst(name.count + 1)) }
            return nil
        }
        let cpu: UInt64?
        if layout.isUnified {
            cpu = field("usage_usec", "cpu", "cpu.stat").map { $0 * 1000 }
            memoryUsageBytes = value("memory", "memory.current") ?? 0
            memoryRSSBytes = field("anon", "memory", "memory.stat") ?? 0
            memoryWorkingSetBytes = memoryUsageBytes - min(memoryUsageBytes, field("inactive_file", "memory", "memory.stat") ?? 0)
        } else {
            cpu = value("cpuacct", "cpuacct.usage")
            memoryUsageBytes = value("memory", "memory.usage_in_bytes") ?? 0
            memoryRSSBytes = field("total_rss", "memory", "memory.stat") ?? 0
            memoryWorkingSetBytes = memoryUsageBytes - min(memoryUsageBytes, field("total_inactive_file", "memory", "memory.stat") ?? 0)
        }
        guard let cpu else { return nil }
        cpuNanoseconds = cpu
        processes = value("pids", "pids.current") ?? 0
    }
}

extension SandboxRuntime {
    /// Makes the cgroups above the pods, `kubepods` and its QoS classes, and readies them for children.
    package nonisolated func prepareCgroups(_ layout: CgroupLayout, paths: [String] = ["kubepods", "kubepods/burstable", "kubepods/besteffort"])
        throws(RuntimeError)
    {
        for path in paths {
            for directory in layout.directories(path) {
                do throws(SystemCallError) { try CgroupDirectory(directory).createParent() } catch { throw .systemCall(error) }
            }
        }
    }
}
