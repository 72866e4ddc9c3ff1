package import KubeAPI
import SandboxPlan

/// Kernel parameters of a pod. Source: Kubernetes, "Using sysctls in a Kubernetes Cluster".
package enum SysctlPlan {
    /// Namespaced, and without effect on any other pod.
    static let safe: Set<String> = [
        "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range",
        "net.ipv4.ip_unprivileged_port_start", "net.ipv4.ip_local_reserved_ports", "net.ipv4.tcp_keepalive_time",
        "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem",
    ]

    /// Throws what admission refuses: a parameter that is not allowed, or one of a namespace the pod shares with the host.
    package static func check(_ pod: Pod, on node: NodeFacts) throws(PlanningError) {
        for sysctl in pod.spec.securityContext.sysctls {
            let name = sysctl.name.replacing("/", with: ".")
            let isAllowed = safe.contains(name) || node.allowedUnsafeSysctls.contains { pattern in
                pattern.hasSuffix("*") ? name.hasPrefix(pattern.dropLast()) : name == pattern
            }
            guard isAllowed else { throw .unsafeSysctl(name) }
            if pod.spec.hostNetwork, name.hasPrefix("net.") { throw .badSysctl(name: name, problem: "not allowed with host net enabled") }
            let isIPC = ["kernel.shm", "kernel.msg", "kernel.sem", "fs.mqueue."].contains { name.hasPrefix($0) }
            if pod.spec.hostIPC, isIPC { throw .badSysctl(name: name, problem: "not allowed with host ipc enabled") }
        }
    }

    /// The pod's own after what every pod with a network of its own gets: low ports and ping without privileges, as containerd gives them.
    static func writes(for pod: Pod, userMapping: IDMapping? = nil) -> [SysctlWrite] {
        var values: [String: String] = [:]
        if !pod.spec.hostNetwork {
            values["net.ipv4.ip_unprivileged_port_start"] = "0"
            values["net.ipv4.ping_group_range"] = "0 2147483647"
        }
        for sysctl in pod.spec.securityContext.sysctls { values[sysctl.name.replacing("/", with: ".")] = sysctl.value }
        if let mapping = userMapping, let range = values["net.ipv4.ping_group_range"] {
            // Written from the host's user namespace, in the host's numbers.
            values["net.ipv4.ping_group_range"] = range.split(separator: " ").compactMap { UInt32($0) }
                .map { "\(mapping.hostBase + min($0, mapping.length - 1))" }.joined(separator: " ")
        }
        return values.sorted { $0.key < $1.key }.map { SysctlWrite(name: $0.key, value: $0.value) }
    }
}
