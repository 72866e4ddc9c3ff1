import CSandboxPlan
import Glibc
import LinuxSystem
import SandboxPlan

/// What a pod leaves on the host when its supervisor has ended: cgroups, the shared memory, the directory under /run.
struct SandboxRemains: Sendable {
    let plan: SandboxPlan
    let directory: String

    /// Whether the pod's supervisor is a process of the pod's cgroups, by the command line it was started with.
    var hasSupervisor: Bool {
        plan.cgroup.directories.contains { path in
            CgroupDirectory(path).contains { pid in
                // One that has just ended has no command line any more.
                let words = ((try? SmallFile.bytes("/proc/\(pid)/cmdline")) ?? []).split(separator: 0)
                return words.count > 1 && words[0].elementsEqual("berth-pod".utf8) && words[1].elementsEqual(directory.utf8)
            }
        }
    }

    /// Kills whoever is left and removes everything. What is gone already is fine, so it may be repeated.
    /// - Parameters:
    ///   - supervisor: a process that is on its way out, or nil.
    ///   - scratches: writable layers of containers that have ended. One that cannot be removed does not keep the rest.
    func remove(after supervisor: pid_t?, scratches: [String] = []) async throws(RuntimeError) {
        // Beside the rest: a disk may take its time over each directory.
        async let failure = Self.failure(removing: scratches)
        var own: SystemCallError?
        do throws(SystemCallError) {
            try await onDedicatedThread { () throws(SystemCallError) in try removeFromHost(after: supervisor) }
        } catch {
            own = error
        }
        if let error = await failure ?? own { throw .systemCall(error) }
    }

    private func removeFromHost(after supervisor: pid_t?) throws(SystemCallError) {
        // Not every pod has them. What still uses them keeps them.
        for mount in [PodDirectory.sharedMemory, PodDirectory.processes] { try? unmount("\(directory)/\(mount)") }
        // Gone already when it has no handle; else it needs a moment, and not more.
        if let supervisor, let process = try? ProcessHandle(pid: supervisor) {
            _ = try process.waitForEnd(milliseconds: 5000)
        }
        // One that can be removed has nobody in it.
        let cgroups = plan.cgroup.directories.map(CgroupDirectory.init).filter { !$0.removeIfEmpty() }
        for cgroup in cgroups { cgroup.killAll() }
        var busy: SystemCallError?
        for cgroup in cgroups { do throws(SystemCallError) { try cgroup.remove() } catch { busy = error } }
        // With a cgroup left the plan stays too: whoever tries again learns from it where.
        if let busy { throw busy }
        try FileTree.remove(path: directory)
    }

    /// The last, of those that cannot be removed.
    private static func failure(removing scratches: [String]) async -> SystemCallError? {
        guard !scratches.isEmpty else { return nil }
        do throws(SystemCallError) {
            return try await onDedicatedThread { () throws(SystemCallError) in
                var failure: SystemCallError?
                for scratch in scratches { do throws(SystemCallError) { try FileTree.remove(path: scratch) } catch { failure = error } }
                return failure
            }
        } catch {
            return error
        }
    }

    /// What the supervisor wrote down about ended containers that were not removed yet.
    func savedExits() -> [ContainerExit] {
        // Without the directory, or with a damaged file, nothing is known: the agent then assumes the worst.
        let names = (try? Self.names(in: directory)) ?? []
        return names.filter { $0.hasPrefix("exit-") }.compactMap { name in
            guard let bytes = try? SmallFile.bytes("\(directory)/\(name)"), bytes.count == MemoryLayout<berth_reply>.size else { return nil }
            return ControlReply(message: bytes.withUnsafeBytes { $0.loadUnaligned(as: berth_reply.self) }, descriptors: []).exit
        }
    }

    static func names(in path: String) throws(SystemCallError) -> [String] {
        let directory = try OwnedFileDescriptor(opening: path, flags: O_RDONLY | O_DIRECTORY)
        return try FileTree.entries(of: directory).map { String(decoding: $0.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self) }
    }

    static func removeScratch(_ path: String) async throws(RuntimeError) {
        do throws(SystemCallError) {
            try await onDedicatedThread { () throws(SystemCallError) in try FileTree.remove(path: path) }
        } catch {
            throw .systemCall(error)
        }
    }
}
