import ContainerRuntime
import FoundationEssentials
import Glibc
import KubeAPI
import LinuxSystem
import OCISpec
import PodPlanning
import SandboxPlan

/// A node in a temporary directory with one unpacked image: plans come from the same functions as in production.
struct Workplace {
    let root: String
    /// Where a node keeps what lives no longer than it runs, as the other runtimes do: on most machines a file system in memory.
    let run: String
    let cgroup: String
    let layout: CgroupLayout
    private let node: NodeFacts
    private let seccomp = SeccompCompiler()

    init(program: String) throws {
        var template = Array("\(ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp")/berth-bench.XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil, let layout = CgroupLayout(mountInfo: try SmallFile.text("/proc/self/mountinfo")) else {
            throw SystemCallError(call: "mkdtemp", subject: "a directory for temporary files", code: errno)
        }
        root = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        cgroup = "berth-bench-\(getpid())"
        run = "/run/\(cgroup)"
        self.layout = layout
        node = NodeFacts(
            paths: NodePaths(root: root), cgroups: layout, nodeName: "bench", hostname: "bench", nodeIPs: ["127.0.0.1"], capacity: [:],
            allocatable: [:])
        try install(program, in: "\(root)/layer/bin")
        for skeleton in RootSkeleton.allCases { try skeleton.make(at: node.paths.skeleton(skeleton)) }
        // As every image has them; the other runtimes keep what they make in their root file system from round to round.
        for directory in ["dev", "etc", "proc", "sys"] { try DirectoryTree.make("\(root)/layer/\(directory)") }
        for file in ["hostname", "hosts", "resolv.conf"] { try ControlFile.write("".utf8, to: "\(root)/layer/etc/\(file)", flags: O_CREAT) }
        for file in [node.paths.hostnameFile("bench"), node.paths.resolvConf("bench"), node.paths.terminationLog("main", attempt: 0, of: "bench")] {
            try DirectoryTree.make(String(file[..<(file.lastIndex(of: "/") ?? file.endIndex)]))
            try ControlFile.write("".utf8, to: file, flags: O_CREAT)
        }
    }

    static func newID() -> String {
        (0..<4).map { _ in
            let text = String(UInt64.random(in: .min ... .max), radix: 16)
            return String(repeating: "0", count: 16 - text.count) + text
        }.joined()
    }

    private func pod(_ uid: String) -> Pod {
        var container = Container()
        container.name = "main"
        container.command = ["/bin/true"]
        // The weight of an ordinary process: with less, a busy machine would be measured, not the launch.
        container.resources.requests["cpu"] = Quantity(exactly: 1)
        var pod = Pod()
        pod.metadata.name = "bench"
        pod.metadata.namespace = "default"
        pod.metadata.uid = uid
        pod.spec.containers = [container]
        return pod
    }

    func sandboxPlan(uid: String) throws -> SandboxPlan {
        var plan = try PodPlanning.sandboxPlan(for: pod(uid), on: node)
        plan.cgroup = under(plan.cgroup, of: "kubepods/burstable")
        return plan
    }

    func containerPlan(id: String) throws -> ContainerPlan {
        let pod = pod("bench")
        var plan = try PodPlanning.containerPlan(
            for: pod.spec.containers[0], in: pod, attempt: 0, id: id,
            image: ResolvedImage(layers: ["\(root)/layer"], config: ImageConfig(architecture: "any", os: "linux", rootfs: ImageConfig.RootFS(diffIDs: [])), imageID: "sha256:bench"), volumes: [:],
            objects: ReferencedObjects(), podIPs: [], seccomp: seccomp, on: node)
        // Raising limits may be more than this machine lets anyone do, and the others would fail at it.
        plan.process.resourceLimits = []
        return plan
    }

    /// The container's cgroup beneath that of the given pod.
    func moved(_ cgroup: CgroupPlan, to sandbox: SandboxPlan) -> CgroupPlan {
        let own = under(cgroup, of: "kubepods/burstable/podbench")
        func moved(_ path: String) -> String { path.replacing("/\(self.cgroup)/", with: "/\(self.cgroup)/pod\(sandbox.pod.uid)/") }
        return CgroupPlan(
            directories: own.directories.map(moved),
            writes: own.writes.map { CgroupWrite(file: moved($0.file), value: $0.value, isOptional: $0.isOptional) })
    }

    /// The same cgroup beneath the benchmark's own in place of the node's.
    private func under(_ plan: CgroupPlan, of parent: String) -> CgroupPlan {
        func moved(_ path: String) -> String { path.replacing("/\(parent)/", with: "/\(cgroup)/") }
        return CgroupPlan(
            directories: plan.directories.map(moved),
            writes: plan.writes.map { CgroupWrite(file: moved($0.file), value: $0.value, isOptional: $0.isOptional) })
    }

    /// Puts the wake-ups of this process and what it starts, and the cgroup of all launches, before whatever else the machine does, which is not
    /// what is measured.
    func standOut() throws {
        try SchedulerSlice.set(SchedulerSlice.short)
        guard let launches = layout.directory(cgroup, controller: "cpu") else { return }
        for (file, most) in [("cpu.weight", "10000"), ("cpu.shares", "262144")] where access("\(launches)/\(file)", F_OK) == 0 {
            try ControlFile.write(most.utf8, to: "\(launches)/\(file)")
        }
        // This process is beneath it too, and with it what it starts of any runtime.
        try CgroupDirectory("\(launches)/bench").create()
        try ControlFile.write("\(getpid())".utf8, to: "\(launches)/bench/cgroup.procs")
    }

    /// The times of a page appended to a file and synced, as a small commit of a database is.
    func durableWrite(repetitions: Int) throws -> [Duration] {
        let path = "\(root)/synced"
        let file = try OwnedFileDescriptor(opening: path, flags: O_WRONLY | O_CREAT, mode: 0o600)
        let (number, clock, page) = (file.rawValue, ContinuousClock(), [UInt8](repeating: 1, count: 4096))
        return try (0..<repetitions).map { _ in
            let start = clock.now
            try systemCall("write", on: path) { write(number, page, page.count) }
            try systemCall("fdatasync", on: path) { fdatasync(number) }
            return clock.now - start
        }
    }

    /// What cannot be removed is named and left.
    func remove() {
        do {
            if let top = layout.directory("", controller: "cpu") { try ControlFile.write("\(getpid())".utf8, to: "\(top)cgroup.procs") }
            // The other runtimes use every hierarchy there is.
            let others = CgroupDirectory("/sys/fs/cgroup").children().map { "\($0.path)/\(cgroup)" }.filter { access("\($0)/cgroup.procs", F_OK) == 0 }
            for directory in layout.directories(cgroup) + others { try CgroupDirectory(directory).remove() }
            for path in [root, run] { try FileTree.remove(path: path) }
        } catch {
            print("left behind: \(error)")
        }
    }
}

/// Copies `program` there, and links `true` to it.
func install(_ program: String, in directory: String) throws {
    try DirectoryTree.make(directory)
    let target = "\(directory)/program"
    try ControlFile.write(try SmallFile.bytes(program, limit: 64 << 20), to: target, flags: O_CREAT, mode: 0o755)
    try systemCall("symlink", on: directory) { symlink("program", "\(directory)/true") }
}
