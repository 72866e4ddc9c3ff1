import KubeAPI
import SandboxPlan

/// Source: OCI runtime spec, config-linux.md, "Default Devices".
enum DeviceDefaults {
    static let nodes = [
        DevicePlan(path: "/dev/null", major: 1, minor: 3),
        DevicePlan(path: "/dev/zero", major: 1, minor: 5),
        DevicePlan(path: "/dev/full", major: 1, minor: 7),
        DevicePlan(path: "/dev/random", major: 1, minor: 8),
        DevicePlan(path: "/dev/urandom", major: 1, minor: 9),
        DevicePlan(path: "/dev/tty", major: 5, minor: 0),
        DevicePlan(path: "/dev/ptmx", major: 5, minor: 2),
    ]

    /// Whether OCI runtimes make the node unasked.
    static func isEverywhere(_ path: String) -> Bool { path == "/dev/console" || nodes.contains { $0.path == path } }

    /// A privileged container gets the host's as well, apart from those that belong to its own `/dev`.
    static func plan(for container: Container, on node: NodeFacts) -> [DevicePlan] {
        var plan = nodes
        if container.tty { plan.append(DevicePlan(path: "/dev/console", major: 5, minor: 1, mode: 0o600)) }
        guard container.securityContext.privileged else { return plan }
        let taken = Set(plan.map(\.path) + ["/dev/console"])
        return plan + node.hostDevices.filter { device in
            !taken.contains(device.path) && !["/dev/pts/", "/dev/shm/", "/dev/mqueue/"].contains { device.path.hasPrefix($0) }
        }
    }
}

/// Source: the lists that containerd and Docker ship.
enum ProtectedPaths {
    static let masked = [
        "/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/sched_debug",
        "/proc/scsi", "/proc/timer_list", "/proc/timer_stats", "/sys/devices/virtual/powercap", "/sys/firmware",
    ]
    static let readOnly = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]
}
