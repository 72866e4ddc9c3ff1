package import KubeAPI
package import SandboxPlan

/// What a plan needs to know about the node: found out once at start, and plain data from then on.
package struct NodeFacts: Codable, Hashable, Sendable {
    package var paths: NodePaths
    package var cgroups: CgroupLayout
    package var nodeName: String
    /// The host's own name, which pods with `hostNetwork` carry.
    package var hostname: String
    package var nodeLabels: [String: String] = [:]
    /// The first is the primary one.
    package var nodeIPs: [String]
    package var capacity: [String: Quantity]
    package var allocatable: [String: Quantity]
    /// Bytes that the pods together are kept to; nil is what is allocatable.
    package var podMemory: Int?
    package var clusterDNS: [String]
    package var clusterDomain = "cluster.local"
    package var kernel: KernelFeatures
    package var privileges = ProcessPrivileges()
    /// Every device node of the host; privileged containers get them all.
    package var hostDevices: [DevicePlan] = []
    /// Processes one pod may have; nil for no limit. Source: kubelet `podPidsLimit`.
    package var podPIDsLimit: Int?
    /// Names or prefixes ending in `*` that an operator allows beyond the safe ones.
    package var allowedUnsafeSysctls: [String] = []
    /// Containers that name no seccomp profile get RuntimeDefault. Source: kubelet `seccompDefault`.
    package var seccompDefault = true
    /// What RuntimeClasses may name as their handler, beside Berth itself; in the order of their names.
    package var runtimes: [OCIRuntime] = []
    /// Bytes at which a container's log is rotated, and how many files are kept.
    package var logMaxBytes = 10 << 20
    package var logMaxFiles = 5

    package init(
        paths: NodePaths, cgroups: CgroupLayout, nodeName: String, hostname: String, nodeIPs: [String],
        capacity: [String: Quantity], allocatable: [String: Quantity], clusterDNS: [String] = [],
        kernel: KernelFeatures = KernelFeatures()
    ) {
        self.paths = paths
        self.cgroups = cgroups
        self.nodeName = nodeName
        self.hostname = hostname
        self.nodeIPs = nodeIPs
        self.capacity = capacity
        self.allocatable = allocatable
        self.clusterDNS = clusterDNS
        self.kernel = kernel
    }
}

/// What this kernel can do, as far as a plan depends on it.
package struct KernelFeatures: Codable, Hashable, Sendable {
    /// `/sys/module/apparmor/parameters/enabled` reads `Y`.
    package var appArmor = false
    /// The loaded AppArmor profile that stands for RuntimeDefault; nil when none is.
    package var appArmorDefaultProfile: String?
    /// Nil: the kernel has no SELinux, or no policy is loaded.
    package var seLinux: SELinuxPolicy?
    /// `mount_setattr(2)` with `AT_RECURSIVE`, Linux 5.12.
    package var recursiveReadOnly = true
    package var userNamespaces = true
    /// `/proc/sys/kernel/cap_last_cap`: the highest capability this kernel knows; bits above are not planned.
    package var lastCapability = 40
    package init() {}
}

extension NodeFacts {
    /// How long the start of a container may take: two commands where an OCI runtime makes it, and something beside them.
    package var startPatience: Duration { .seconds(max(120, (runtimes.compactMap(\.commandSeconds).max() ?? 0) * 2 + 20)) }
}
