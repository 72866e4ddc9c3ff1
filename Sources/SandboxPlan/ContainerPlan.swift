/// One start of one container: every choice made, nothing left to look up. Source: OCI runtime spec, config-linux.md.
package struct ContainerPlan: Codable, Hashable, Sendable {
    /// 64 hexadecimal digits, new for each start; the part of `berth://<id>` after the scheme.
    package var id: String
    package var name: String
    /// Zero for the first start.
    package var attempt: Int
    /// The id of a running container of the pod whose PID namespace this one joins.
    package var processTarget: String?
    package var root: RootFilesystem
    /// In order of mounting; destinations are absolute and are resolved inside the root.
    package var mounts: [MountPlan]
    package var devices: [DevicePlan]
    package var maskedPaths: [String]
    package var readOnlyPaths: [String]
    package var process: ProcessPlan
    /// SELinux context of the file systems that are made for the container; nil: they are labelled as the policy has it.
    package var mountLabel: String?
    package var cgroup: CgroupPlan
    /// A new cgroup namespace, rooted at the container's cgroup.
    package var hasCgroupNamespace: Bool
    /// Absolute host path of the CRI log file, `/var/log/pods/<ns>_<name>_<uid>/<container>/<attempt>.log`.
    package var logPath: String
    /// A log file above this is renamed and a new one begun; zero never rotates. Bytes.
    package var logMaxBytes: Int
    package var logMaxFiles: Int
    /// stdin of the container is kept open for attach; else it is `/dev/null`.
    package var stdin: Bool
    /// stdin closes when the first attached client goes.
    package var stdinOnce: Bool

    package init(id: String, name: String, attempt: Int, processTarget: String? = nil, root: RootFilesystem, mounts: [MountPlan], devices: [DevicePlan], maskedPaths: [String], readOnlyPaths: [String], process: ProcessPlan, mountLabel: String? = nil, cgroup: CgroupPlan, hasCgroupNamespace: Bool = true, logPath: String, logMaxBytes: Int = 10 << 20, logMaxFiles: Int = 5, stdin: Bool = false, stdinOnce: Bool = false) {
        self.id = id
        self.name = name
        self.attempt = attempt
        self.processTarget = processTarget
        self.root = root
        self.mounts = mounts
        self.devices = devices
        self.maskedPaths = maskedPaths
        self.readOnlyPaths = readOnlyPaths
        self.process = process
        self.mountLabel = mountLabel
        self.cgroup = cgroup
        self.hasCgroupNamespace = hasCgroupNamespace
        self.logPath = logPath
        self.logMaxBytes = logMaxBytes
        self.logMaxFiles = logMaxFiles
        self.stdin = stdin
        self.stdinOnce = stdinOnce
    }
}

/// overlayfs: unpacked layers below, one writable directory on top.
package struct RootFilesystem: Codable, Hashable, Sendable {
    /// Unpacked layer directories, lowest first.
    package var layers: [String]
    /// Host directory that `berth-pod` fills with `upper` and `work`, and `merged` where it needs that; removed with the container.
    package var scratch: String
    package var isReadOnly: Bool
    package init(layers: [String], scratch: String, isReadOnly: Bool) {
        self.layers = layers
        self.scratch = scratch
        self.isReadOnly = isReadOnly
    }
}

package struct MountPlan: Codable, Hashable, Sendable {
    /// Absolute, as the container sees it.
    package var destination: String
    package var source: Source
    package var options: MountOptions
    package var propagation: Propagation

    package enum Source: Codable, Hashable, Sendable {
        /// A new instance of a kernel file system, such as `proc`, `sysfs`, `tmpfs`, `devpts`, `mqueue`, `cgroup2`;
        /// `data` is what follows `-o` apart from flags.
        case filesystem(type: String, data: String)
        /// A bind of `root`, or of `path` resolved beneath it by descriptor (`openat2` with `RESOLVE_IN_ROOT`) when
        /// that is not empty. `recursive` is `rbind`.
        case bind(root: String, path: String, recursive: Bool)
        /// The host's cgroup hierarchies as the container may see them: v2, or v1 one by one, bound from its own cgroup.
        case cgroup
        /// The shared memory of the pod, at `/dev/shm`.
        case podSharedMemory
    }

    /// mount(2) flags that a bind applies by `mount_setattr(2)`.
    package struct MountOptions: OptionSet, Codable, Hashable, Sendable {
        package let rawValue: UInt32
        package init(rawValue: UInt32) { self.rawValue = rawValue }
        package static let readOnly = Self(rawValue: 1)
        package static let noSuid = Self(rawValue: 2)
        package static let noDev = Self(rawValue: 4)
        package static let noExec = Self(rawValue: 8)
        package static let relatime = Self(rawValue: 16)
        package static let strictAtime = Self(rawValue: 32)
        package static let recursiveReadOnly = Self(rawValue: 64)
        /// The mount is id-mapped to the pod's user namespace.
        package static let idMapped = Self(rawValue: 128)
    }

    /// Kubernetes' None, HostToContainer and Bidirectional.
    package enum Propagation: String, Codable, Hashable, Sendable { case `private`, slave, shared }

    package init(destination: String, source: Source, options: MountOptions = [], propagation: Propagation = .private) {
        self.destination = destination
        self.source = source
        self.options = options
        self.propagation = propagation
    }
}

/// A node in `/dev`. The usual set (null, zero, full, random, urandom, tty, ptmx, console) is part of the plan like any other.
package struct DevicePlan: Codable, Hashable, Sendable {
    package var path: String
    /// `c` or `b`.
    package var type: Kind
    package var major: UInt32
    package var minor: UInt32
    package var mode: UInt32
    package enum Kind: String, Codable, Hashable, Sendable { case character = "c", block = "b" }
    package init(path: String, type: Kind = .character, major: UInt32, minor: UInt32, mode: UInt32 = 0o666) {
        self.path = path
        self.type = type
        self.major = major
        self.minor = minor
        self.mode = mode
    }
}

/// What is handed to execve(2), and the credentials it runs under. Also the form of an exec.
package struct ProcessPlan: Codable, Hashable, Sendable {
    package var arguments: [String]
    /// `NAME=value`, in order, names unique.
    package var environment: [String]
    package var workingDirectory: String
    package var uid: UInt32
    package var gid: UInt32
    /// Supplementary groups, without `gid`.
    package var groups: [UInt32]
    package var umask: UInt32
    package var capabilities: CapabilitySets
    package var noNewPrivileges: Bool
    /// A compiled classic BPF program, as `seccomp_export_bpf` writes it: 8-byte `sock_filter` entries. Empty: unconfined.
    package var seccomp: [UInt8]
    package var resourceLimits: [ResourceLimit]
    package var oomScoreAdjustment: Int
    package var tty: Bool
    /// Written to `/proc/self/attr/apparmor/exec` when set.
    package var appArmorProfile: String?
    /// An SELinux context, written to `/proc/self/attr/exec` when set. No kernel enforces both kinds.
    package var seLinuxLabel: String?
    /// The same said to an OCI runtime, in JSON: of a container the whole `config.json`, of a command its process. Nil: `berth-pod`
    /// performs the plan itself.
    package var document: String?

    package init(arguments: [String], environment: [String], workingDirectory: String = "/", uid: UInt32 = 0, gid: UInt32 = 0, groups: [UInt32] = [], umask: UInt32 = 0o022, capabilities: CapabilitySets = CapabilitySets(), noNewPrivileges: Bool = true, seccomp: [UInt8] = [], resourceLimits: [ResourceLimit] = [], oomScoreAdjustment: Int = 0, tty: Bool = false, appArmorProfile: String? = nil, seLinuxLabel: String? = nil, document: String? = nil) {
        self.arguments = arguments
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.uid = uid
        self.gid = gid
        self.groups = groups
        self.umask = umask
        self.capabilities = capabilities
        self.noNewPrivileges = noNewPrivileges
        self.seccomp = seccomp
        self.resourceLimits = resourceLimits
        self.oomScoreAdjustment = oomScoreAdjustment
        self.tty = tty
        self.appArmorProfile = appArmorProfile
        self.seLinuxLabel = seLinuxLabel
        self.document = document
    }
}

/// Bit n is capability number n of capabilities(7).
package struct CapabilitySets: Codable, Hashable, Sendable {
    package var bounding: UInt64
    package var effective: UInt64
    package var permitted: UInt64
    package var inheritable: UInt64
    package var ambient: UInt64
    package init(bounding: UInt64 = 0, effective: UInt64 = 0, permitted: UInt64 = 0, inheritable: UInt64 = 0, ambient: UInt64 = 0) {
        self.bounding = bounding
        self.effective = effective
        self.permitted = permitted
        self.inheritable = inheritable
        self.ambient = ambient
    }
}

/// One setrlimit(2); `resource` is the kernel's `RLIMIT_*` number.
package struct ResourceLimit: Codable, Hashable, Sendable {
    package var resource: Int
    package var soft: UInt64
    package var hard: UInt64
    package init(resource: Int, soft: UInt64, hard: UInt64) {
        self.resource = resource
        self.soft = soft
        self.hard = hard
    }
}
