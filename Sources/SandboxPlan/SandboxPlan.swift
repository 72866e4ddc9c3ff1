/// What `berth-pod` needs to hold a pod: decided once by `PodPlanning`, performed without further choices.
package struct SandboxPlan: Codable, Hashable, Sendable {
    package var pod: PodIdentity
    /// Written into a new UTS namespace; nil when the pod uses the host's.
    package var hostname: String?
    package var namespaces: PodNamespaces
    /// Written inside the pod's namespaces before the first container, for instance `net.ipv4.ping_group_range`.
    package var sysctls: [SysctlWrite]
    /// The pod's own cgroup, parent of its containers' cgroups.
    package var cgroup: CgroupPlan
    /// Size of the `/dev/shm` the containers share, in bytes.
    package var sharedMemoryBytes: Int
    /// `oom_score_adj` of `berth-pod` itself.
    package var oomScoreAdjustment: Int
    /// What makes the containers; nil: `berth-pod` itself.
    package var runtime: OCIRuntime?

    package init(pod: PodIdentity, hostname: String?, namespaces: PodNamespaces, sysctls: [SysctlWrite], cgroup: CgroupPlan, sharedMemoryBytes: Int = 64 << 20, oomScoreAdjustment: Int = -998, runtime: OCIRuntime? = nil) {
        self.pod = pod
        self.hostname = hostname
        self.namespaces = namespaces
        self.sysctls = sysctls
        self.cgroup = cgroup
        self.sharedMemoryBytes = sharedMemoryBytes
        self.oomScoreAdjustment = oomScoreAdjustment
        self.runtime = runtime
    }
}

/// A program with the command line that runc has: `create`, `start`, `exec`, `kill`, `delete`.
package struct OCIRuntime: Codable, Hashable, Sendable {
    /// The handler that a RuntimeClass names it by.
    package var handler: String
    /// Absolute.
    package var path: String
    /// What one command may take before it is ended; nil is fifty. Seconds.
    package var commandSeconds: Int?
    package init(handler: String, path: String, commandSeconds: Int? = nil) {
        self.handler = handler
        self.path = path
        self.commandSeconds = commandSeconds
    }
}

package struct PodIdentity: Codable, Hashable, Sendable {
    package var uid: String
    package var namespace: String
    package var name: String

    package init(uid: String, namespace: String, name: String) {
        self.uid = uid
        self.namespace = namespace
        self.name = name
    }
}

/// True: the pod has its own; false: it shares the host's. `pid` true means one PID namespace for the whole pod
/// (`shareProcessNamespace`); otherwise `containerPID` says what each container gets.
package struct PodNamespaces: Codable, Hashable, Sendable {
    package var network: Bool
    package var ipc: Bool
    package var uts: Bool
    package var pid: PIDScope
    /// Nil: the pod shares the host's user namespace.
    package var user: IDMapping?

    /// Who shares a PID namespace with a container.
    package enum PIDScope: String, Codable, Hashable, Sendable { case container, pod, host }

    package init(network: Bool = true, ipc: Bool = true, uts: Bool = true, pid: PIDScope = .container, user: IDMapping? = nil) {
        self.network = network
        self.ipc = ipc
        self.uts = uts
        self.pid = pid
        self.user = user
    }
}

/// Container ids `0..<length` are host ids `hostBase..<hostBase+length`, for users and groups alike.
package struct IDMapping: Codable, Hashable, Sendable {
    package var hostBase: UInt32
    package var length: UInt32
    package init(hostBase: UInt32, length: UInt32) {
        self.hostBase = hostBase
        self.length = length
    }
}

/// `name` with dots, as in sysctl(8).
package struct SysctlWrite: Codable, Hashable, Sendable {
    package var name: String
    package var value: String
    package init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

/// A cgroup, on v2 one directory, on v1 one per hierarchy.
package struct CgroupPlan: Codable, Hashable, Sendable {
    /// Absolute directories to make, and whose `cgroup.procs` a member is written to. On v1 one per controller.
    package var directories: [String]
    /// In order, each one `write(2)`.
    package var writes: [CgroupWrite]
    /// eBPF instructions that say which devices members may use, on v2; empty: all that the parents allow.
    package var deviceFilter: [UInt64]
    package init(directories: [String], writes: [CgroupWrite], deviceFilter: [UInt64] = []) {
        self.directories = directories
        self.writes = writes
        self.deviceFilter = deviceFilter
    }
}

package struct CgroupWrite: Codable, Hashable, Sendable {
    /// Absolute path of the control file.
    package var file: String
    package var value: String
    /// A missing file or a refused value is then reported as a warning, not as a failure: for instance `memory.oom.group`.
    package var isOptional: Bool
    package init(file: String, value: String, isOptional: Bool = false) {
        self.file = file
        self.value = value
        self.isOptional = isOptional
    }
}
