import ContainerRuntime
import Glibc
import LinuxSystem
import Logging
import PodPlanning
import SandboxPlan
import Testing

/// Namespaces, mounts and cgroups need root; the programs in the containers are busybox's.
let canRunContainers = getuid() == 0 && access("/bin/busybox", X_OK) == 0

/// A directory, a cgroup and a runtime of its own, with one image layer of busybox in it. `tearDown` checks that nothing is left.
final class TestNode: Sendable {
    let root: String
    let cgroup: String
    let layout: CgroupLayout
    let runtime: SandboxRuntime
    let plan: SandboxPlan

    static let applets = [
        "sh", "cat", "id", "ls", "echo", "sleep", "env", "pwd", "mount", "dd", "touch", "true", "false", "stat", "kill", "tty", "stty", "head",
        "seq", "yes", "chmod", "chown", "ln", "mknod", "umount", "wc", "sort", "cp", "rm", "sed", "unshare", "nsenter", "tr", "cut", "find", "mkfifo", "hostname", "nc", "ps", "readlink", "mkdir", "trap", "test", "printf", "grep", "df", "tail",
    ]

    /// - Parameter runtime: what makes the containers, in place of the supervisor.
    init(runtime handler: OCIRuntime? = nil, change: (inout SandboxPlan) -> Void = { _ in }) throws {
        var template = Array("/tmp/berth-test.XXXXXX".utf8CString)
        root = String(cString: try #require(mkdtemp(&template)))
        cgroup = "berth-test-\(root.split(separator: ".").last ?? "")"
        layout = try #require(CgroupLayout(mountInfo: try SmallFile.text("/proc/self/mountinfo")))
        runtime = try Self.runtime(root)
        try runtime.prepareCgroups(layout, paths: [cgroup])
        for directory in ["layers/base/bin", "layers/base/etc", "layers/base/tmp"] { try DirectoryTree.make("\(root)/\(directory)") }
        try Self.copy("/bin/busybox", to: "\(root)/layers/base/bin/busybox")
        for applet in Self.applets { symlink("busybox", "\(root)/layers/base/bin/\(applet)") }
        var plan = SandboxPlan(
            pod: PodIdentity(uid: "pod-\(cgroup)", namespace: "default", name: "test"), hostname: "test-host", namespaces: PodNamespaces(),
            sysctls: [], cgroup: CgroupPlan(directories: layout.directories("\(cgroup)/pod", isFreezable: handler != nil), writes: []),
            sharedMemoryBytes: 1 << 20, runtime: handler)
        change(&plan)
        self.plan = plan
        TidyNodes.made?.withLock { $0.append(self) }
    }

    /// Another one for the same pods.
    func runtime(patience: Duration, longPatience: Duration = .seconds(120)) throws -> SandboxRuntime {
        try Self.runtime(root, patience: patience, longPatience: longPatience)
    }

    /// Where the programs are that were built with the tests.
    static func products() throws -> String {
        let bundle = try #require(CommandLine.arguments.first { $0.contains(".xctest") })
        return String(bundle[..<(try #require(bundle.lastIndex(of: "/")))])
    }

    static func runtime(_ root: String, patience: Duration = .seconds(15), longPatience: Duration = .seconds(120)) throws -> SandboxRuntime {
        try SandboxRuntime(
            configuration: RuntimeConfiguration(
                podsDirectory: "\(root)/run", supervisor: "\(try products())/berth-pod", patience: patience, longPatience: longPatience),
            logger: Logger(label: "test"))
    }

    private static func copy(_ source: String, to target: String) throws {
        let bytes = try SmallFile.bytes(source, limit: 64 << 20)
        let file = try OwnedFileDescriptor(opening: target, flags: O_WRONLY | O_CREAT, mode: 0o755)
        let raw = file.rawValue
        var written = 0
        while written < bytes.count {
            written += try systemCall("write", on: target) {
                bytes.withUnsafeBytes { write(raw, $0.baseAddress?.advanced(by: written), $0.count - written) }
            }
        }
    }

    /// The Linux defaults of the OCI runtime spec, around a shell command.
    func container(_ script: String, name: String = "main", change: (inout ContainerPlan) -> Void = { _ in }) -> ContainerPlan {
        let id = (0..<64).map { _ in "0123456789abcdef".randomElement().map(String.init) ?? "" }.joined()
        let capabilities: UInt64 = 0xa80425fb  // Docker's default set
        var plan = ContainerPlan(
            id: id, name: name, attempt: 0,
            root: RootFilesystem(layers: ["\(root)/layers/base"], scratch: "\(root)/containers/\(id)", isReadOnly: false),
            mounts: [
                MountPlan(destination: "/proc", source: .filesystem(type: "proc", data: ""), options: [.noSuid, .noExec, .noDev]),
                MountPlan(destination: "/dev", source: .filesystem(type: "tmpfs", data: "mode=755,size=65536k"), options: [.noSuid, .strictAtime]),
                MountPlan(
                    destination: "/dev/pts", source: .filesystem(type: "devpts", data: "newinstance,ptmxmode=0666,mode=0620,gid=5"),
                    options: [.noSuid, .noExec]),
                MountPlan(destination: "/dev/mqueue", source: .filesystem(type: "mqueue", data: ""), options: [.noSuid, .noExec, .noDev]),
                MountPlan(destination: "/sys", source: .filesystem(type: "sysfs", data: ""), options: [.noSuid, .noExec, .noDev, .readOnly]),
                MountPlan(destination: "/sys/fs/cgroup", source: .cgroup, options: [.noSuid, .noExec, .noDev, .readOnly]),
                MountPlan(destination: "/dev/shm", source: .podSharedMemory),
            ],
            devices: [("null", 3), ("zero", 5), ("full", 7), ("random", 8), ("urandom", 9)].map {
                DevicePlan(path: "/dev/\($0.0)", major: 1, minor: $0.1)
            } + [DevicePlan(path: "/dev/tty", major: 5, minor: 0), DevicePlan(path: "/dev/ptmx", major: 5, minor: 2)],
            maskedPaths: ["/proc/kcore", "/proc/keys", "/proc/acpi", "/proc/scsi", "/sys/firmware", "/proc/absent"],
            readOnlyPaths: ["/proc/sys", "/proc/bus", "/proc/irq"],
            process: process(["/bin/sh", "-c", script], capabilities: capabilities),
            cgroup: CgroupPlan(directories: layout.directories("\(cgroup)/pod/\(id)", isFreezable: self.plan.runtime != nil), writes: []),
            logPath: "\(root)/logs/\(name)/0.log")
        change(&plan)
        return plan
    }

    /// Gives a process what no other has.
    static func changeProcess(of plan: inout ContainerPlan) {
        plan.process.environment.append("GREETING=moin")
        plan.process.workingDirectory = "/made/by/berth"
        plan.process.uid = 1000
        plan.process.gid = 100
        plan.process.groups = [7, 8]
        plan.process.umask = 0o027
        plan.process.resourceLimits = [ResourceLimit(resource: 7, soft: 64, hard: 128)]
    }

    /// Has it tell, with `oops` among its errors, and what it then tells.
    static let processDescription = "echo $GREETING; pwd; id -u; id -g; id -G; umask; hostname; ulimit -n; echo oops >&2; cat /proc/self/oom_score_adj"
    static let changedProcess = ["moin", "/made/by/berth", "1000", "100", "100 7 8", "0027", "test-host", "64", "500"]

    func process(_ arguments: [String], capabilities: UInt64 = 0xa80425fb) -> ProcessPlan {
        ProcessPlan(
            arguments: arguments, environment: ["PATH=/bin", "HOME=/root"],
            capabilities: CapabilitySets(bounding: capabilities, effective: capabilities, permitted: capabilities),
            seccomp: [], oomScoreAdjustment: 500)
    }

    /// The text of a container's log, without time and tags; `P` records run on.
    func output(_ name: String = "main", stream: String = "stdout") throws -> String {
        var text = ""
        for line in try SmallFile.text("\(root)/logs/\(name)/0.log").split(separator: "\n", omittingEmptySubsequences: true) {
            let fields = line.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false)
            guard fields.count == 4, fields[1] == stream else { continue }
            text += fields[3] + (fields[2] == "F" ? "\n" : "")
        }
        return text
    }

    /// Ends a pod and then finds no process, cgroup, mount or file of it.
    func tearDown(_ sandbox: Sandbox) async throws {
        try await sandbox.shutDown()
        try checkClean()
    }

    /// Writable layers that a supervisor which was killed leaves to its client.
    func removeScratches() throws {
        for id in entries("\(root)/containers") { try FileTree.remove(path: "\(root)/containers/\(id)") }
    }

    func checkClean() throws {
        for directory in plan.cgroup.directories { #expect(access(directory, F_OK) != 0, "\(directory) is left") }
        #expect(!(try SmallFile.text("/proc/self/mountinfo").contains(root)), "a mount is left")
        #expect(entries("\(root)/run").isEmpty)
        #expect(entries("\(root)/containers").isEmpty)
        try removeFiles()
    }

    /// What a test that fails half way leaves.
    func clear() async throws {
        guard access(root, F_OK) == 0 else { return }
        try await runtime.removeRemains(ofPod: plan.pod.uid, planned: plan)
        try removeFiles()
    }

    private func removeFiles() throws {
        for directory in layout.directories(cgroup, isFreezable: true) { try CgroupDirectory(directory).remove() }
        try FileTree.remove(path: root)
    }

    func entries(_ path: String) -> [String] {
        do {
            let directory = try OwnedFileDescriptor(opening: path, flags: O_RDONLY | O_DIRECTORY)
            return try FileTree.entries(of: directory).map { String(decoding: $0.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self) }
        } catch {
            return []  // never made
        }
    }
}

extension Sandbox {
    /// The next exit of the container; the stream is in order, and others' exits are passed over.
    func exit(of id: String) async throws -> ContainerExit {
        for await event in events {
            if case .exited(let exit) = event, exit.id == id { return exit }
        }
        throw RuntimeError.sandboxLost(pod: pod.uid)
    }

    func run(_ plan: ContainerPlan) async throws -> ContainerExit {
        _ = try await start(plan)
        return try await exit(of: plan.id)
    }
}

/// Everything until the end of file; closes the descriptor.
func readAll(_ descriptor: CInt?) async throws -> String {
    let descriptor = try #require(descriptor)
    return try await onDedicatedThread { () throws(SystemCallError) in
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(descriptor, &chunk, chunk.count)
            // A TTY ends with EIO.
            if count <= 0 {
                close(descriptor)
                return String(decoding: bytes, as: UTF8.self)
            }
            bytes += chunk.prefix(count)
        }
    }
}
