import Foundation
import Glibc
import LinuxSystem

/// What a node has on this machine outside its directory: found in the kernel, not asked of the node.
extension StandaloneNode {
    /// The pods' supervisors, by pod uid.
    nonisolated func supervisors() -> [String: pid_t] {
        let prefix = "\(root)/run/berth/pods/"
        let candidates = Self.processes().filter { $0.arguments.count > 1 && $0.arguments[0].hasSuffix("berth-pod") && $0.arguments[1].hasPrefix(prefix) }
        let pids = Set(candidates.map(\.pid))
        var found: [String: pid_t] = [:]
        // One on its way to a container, or to a command of an OCI runtime, is a copy of its supervisor, and its child.
        for (pid, arguments) in candidates where Self.parent(of: pid).map({ !pids.contains($0) }) ?? false {
            found[String(arguments[1].dropFirst(prefix.count))] = pid
        }
        return found
    }

    /// The first processes of a pod's containers.
    nonisolated func containers(ofPod uid: String) -> Set<pid_t> {
        guard let supervisor = supervisors()[uid] else { return [] }
        return Set(Self.processes().map(\.pid).filter { Self.parent(of: $0) == supervisor })
    }

    nonisolated var mounts: [String] { get throws { try MountInfo.read().map(\.mountPoint).filter { $0.hasPrefix(root + "/") } } }

    /// Device by device, with the file behind it.
    nonisolated var loopDevices: [String: String] {
        get throws {
            var devices: [String: String] = [:]
            for device in try DirectoryEntry.list("/sys/block").map(\.name) where device.hasPrefix("loop") {
                guard let file = SmallFile.firstLine("/sys/block/\(device)/loop/backing_file"), file.hasPrefix(root + "/") else { continue }
                devices["/dev/\(device)"] = file
            }
            return devices
        }
    }

    /// The node's cgroup in each hierarchy that has one.
    nonisolated var cgroups: [String] {
        get throws {
            try MountInfo.read().filter { $0.filesystemType.hasPrefix("cgroup") }.map { "\($0.mountPoint)/\(cgroup)" }.filter { access($0, F_OK) == 0 }
        }
    }

    nonisolated var podCgroups: [String] {
        get throws {
            try cgroups.flatMap { root in
                ["kubepods", "kubepods/burstable", "kubepods/besteffort"].flatMap { tier in
                    CgroupDirectory("\(root)/\(tier)").children().map(\.path).filter { $0.contains("/pod") }
                }
            }
        }
    }

    /// One line for each thing that is there, by whatever hand.
    nonisolated func traces() async throws -> [String] {
        var lines = try mounts.map { "mount \($0)" } + loopDevices.map { "loop device \($0.key) of \($0.value)" } + cgroups.map { "cgroup \($0)" }
        lines += Self.processes().filter { $0.arguments.contains { $0.hasPrefix(root) } }.map { "process \($0.pid) \($0.arguments.joined(separator: " "))" }
        if access("/sys/class/net/\(bridge)", F_OK) == 0 { lines.append("interface \(bridge)") }
        for command in [["/usr/sbin/nft", "list", "tables"], ["/usr/sbin/iptables-save"]] where access(command[0], X_OK) == 0 {
            let text = try await Program.run(command[0], Array(command.dropFirst()))
            lines += text.split(separator: "\n").filter { $0.contains(bridge) }.map { "rule \($0)" }
        }
        return lines
    }

    /// Takes away everything of this node, whatever state it is in.
    func remove() async throws {
        try await stop()
        try await killPods(patience: 0)
        for mount in try mounts.reversed() { _ = umount2(mount, CInt(MNT_DETACH)) }
        for device in try loopDevices.keys { try await Program.run("/usr/sbin/losetup", ["-d", device], expecting: nil) }
        for cgroup in try cgroups { try CgroupDirectory(cgroup).remove() }
        for bridge in [bridge, "\(bridge)x"] { try await removeNetwork(bridge) }
        // Not through a mount, should one be left after all.
        try await Program.run("/bin/rm", ["-rf", "--one-file-system", root])
    }

    /// What a daemon sets up for its bridge; it does not matter how much of it is there.
    nonisolated func removeNetwork(_ bridge: String) async throws {
        for table in ["masquerade", "services"] {
            try await Program.run("/usr/sbin/nft", ["delete", "table", "ip", "\(bridge)_\(table)"], expecting: nil)
        }
        for direction in ["-i", "-o"] {
            try await Program.run("/usr/sbin/iptables", ["-w", "5", "-D", "FORWARD", direction, bridge, "-j", "ACCEPT"], expecting: nil)
        }
        try await Program.run("/usr/sbin/ip", ["link", "delete", bridge], expecting: nil)
    }

    /// Ends every pod as a shutdown of the machine would: SIGTERM, some patience, SIGKILL. Only with the daemon down.
    ///
    /// - Parameter patience: seconds.
    func killPods(patience: Int) async throws {
        let supervisors = supervisors()
        func running() -> [pid_t] { supervisors.keys.flatMap { containers(ofPod: $0) } }
        if patience > 0 {
            for pid in running() { Glibc.kill(pid, SIGTERM) }
            let end = ContinuousClock.now + .seconds(patience)
            while !running().isEmpty, ContinuousClock.now < end { try await Task.sleep(for: .milliseconds(50)) }
        }
        for pid in running() + supervisors.values { Glibc.kill(pid, SIGKILL) }
        try await eventually("supervisors are gone") { self.supervisors().isEmpty }
    }

    private nonisolated static func processes() -> [(pid: pid_t, arguments: [String])] {
        // A process that ends meanwhile has no command line any more, and is not of interest.
        let entries = (try? DirectoryEntry.list("/proc")) ?? []
        return entries.compactMap { entry in
            guard let pid = pid_t(entry.name), let bytes = try? SmallFile.bytes("/proc/\(pid)/cmdline"), !bytes.isEmpty else { return nil }
            return (pid, bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) })
        }
    }

    private nonisolated static func parent(of pid: pid_t) -> pid_t? {
        // Source: proc_pid_stat(5): the fields after the name are state and parent.
        guard let stat = SmallFile.firstLine("/proc/\(pid)/stat"), let end = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[end...].split(separator: " ")
        return fields.count > 2 ? pid_t(fields[2]) : nil
    }
}
