import FoundationEssentials
import Glibc
import KubeAPI
import LinuxSystem
import PodPlanning
import SandboxPlan

/// A container plan said again in the OCI runtime spec's words, for `crun run` and `runc run`.
struct OCIBundle {
    private let directory: String
    private let configuration: JSONValue

    /// - Parameter namespaces: paths of namespaces to join, by the spec's type; others are new.
    init(_ directory: String, _ plan: ContainerPlan, program: String, namespaces: [String: String], hostname: String?) throws {
        self.directory = directory
        try install(program, in: "\(directory)/rootfs/bin")
        let process = plan.process
        func capabilities(_ set: UInt64) -> JSONValue {
            .array(Self.capabilityNames.enumerated().filter { set >> UInt64($0.offset) & 1 == 1 }.map { .string("CAP_\($0.element)") })
        }
        let sets = process.capabilities
        var root: JSONValue = .object([:])
        root["ociVersion"] = "1.0.2"
        root["hostname"] = hostname.map { .string($0) }
        root["root"] = ["path": "rootfs", "readonly": .bool(plan.root.isReadOnly)]
        root["process"] = [
            "user": ["uid": .int(Int(process.uid)), "gid": .int(Int(process.gid))], "cwd": .string(process.workingDirectory),
            "args": .array(process.arguments.map { .string($0) }), "env": .array(process.environment.map { .string($0) }),
            "noNewPrivileges": .bool(process.noNewPrivileges), "oomScoreAdj": .int(process.oomScoreAdjustment),
            "capabilities": [
                "bounding": capabilities(sets.bounding), "effective": capabilities(sets.effective), "permitted": capabilities(sets.permitted),
                "inheritable": capabilities(sets.inheritable), "ambient": capabilities(sets.ambient),
            ],
        ]
        root["mounts"] = .array(plan.mounts.map(Self.mount))
        root["linux"] = [
            "namespaces": .array(
                ["pid", "mount", "cgroup", "network", "ipc", "uts"].map { type in
                    var namespace: JSONValue = ["type": .string(type)]
                    namespace["path"] = namespaces[type].map { .string($0) }
                    return namespace
                }),
            "maskedPaths": .array(plan.maskedPaths.map { .string($0) }), "readonlyPaths": .array(plan.readOnlyPaths.map { .string($0) }),
            "resources": ["cpu": ["shares": 1024]],
            "seccomp": runtimeDefaultSeccompDocument(capabilities: sets.bounding),
        ]
        configuration = root
    }

    /// config.json, which whoever runs the runtime makes for each container.
    func write(cgroup: String) throws {
        var configuration = configuration
        var linux = configuration["linux"] ?? .object([:])
        linux["cgroupsPath"] = .string(cgroup)
        configuration["linux"] = linux
        try ControlFile.write(configuration.serialized(), to: "\(directory)/config.json", flags: O_CREAT | O_TRUNC)
    }

    /// From fork to the end of the command: it makes the container, waits for it and removes it.
    func run(with runtime: String, id: String) throws {
        let options = runtime == "crun" ? ["--cgroup-manager", "cgroupfs"] : []
        let pid = try launchDetached("/usr/bin/\(runtime)", arguments: [runtime] + options + ["run", "--bundle", directory, id], descriptors: [])
        let status = try waitForChild(pid)
        guard status == 0 else { throw SystemCallError(call: "\(runtime) run", subject: "status \(status)", code: ECHILD) }
    }

    private var scratch: String { "\(directory)/scratch" }

    /// A writable layer over the root directory, in its place.
    func mountLayers() throws {
        for path in [scratch, "\(scratch)/upper", "\(scratch)/work"] { try systemCall("mkdir", on: path) { mkdir(path, 0o755) } }
        let root = "\(directory)/rootfs"
        try systemCall("mount", on: root) {
            Glibc.mount("overlay", root, "overlay", 0, "volatile,upperdir=\(scratch)/upper,workdir=\(scratch)/work,lowerdir=\(root)")
        }
    }

    func unmountLayers() throws {
        try unmount("\(directory)/rootfs")
        try FileTree.remove(path: "\(directory)/scratch")
    }

    private static func mount(_ plan: MountPlan) -> JSONValue {
        var options: [String] = []
        for (option, name) in [(MountPlan.MountOptions.readOnly, "ro"), (.noSuid, "nosuid"), (.noDev, "nodev"), (.noExec, "noexec"), (.strictAtime, "strictatime")]
        where plan.options.contains(option) { options.append(name) }
        var type = "bind"
        var source = ""
        switch plan.source {
        case .filesystem(let name, let data):
            (type, source) = (name, name)
            options += data.split(separator: ",").map(String.init)
        case .bind(let root, let path, let recursive):
            source = path.isEmpty ? root : "\(root)/\(path)"
            options.append(recursive ? "rbind" : "bind")
        case .cgroup: (type, source) = ("cgroup", "cgroup")
        case .podSharedMemory:
            (type, source) = ("tmpfs", "shm")
            options += ["mode=1777", "size=65536k"]
        }
        return [
            "destination": .string(plan.destination), "type": .string(type), "source": .string(source),
            "options": .array(options.map { .string($0) }),
        ]
    }

    /// In the kernel's order. Source: linux/capability.h.
    private static let capabilityNames = [
        "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP", "LINUX_IMMUTABLE",
        "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER", "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT",
        "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE", "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE",
        "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP", "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ",
        "PERFMON", "BPF", "CHECKPOINT_RESTORE",
    ]
}
