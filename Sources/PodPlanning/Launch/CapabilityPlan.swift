import CCap
import KubeAPI
import SandboxPlan

/// Capability sets of a container. Source: capabilities(7); the default set is containerd's and Docker's.
enum CapabilityPlan {
    static let defaults = [
        "CHOWN", "DAC_OVERRIDE", "FSETID", "FOWNER", "MKNOD", "NET_RAW", "SETGID", "SETUID", "SETFCAP", "SETPCAP",
        "NET_BIND_SERVICE", "SYS_CHROOT", "KILL", "AUDIT_WRITE",
    ]

    /// Inheritable and ambient stay empty: what an unprivileged user gains, it gains from file capabilities.
    static func sets(for context: SecurityContext, on node: NodeFacts) throws(PlanningError) -> CapabilitySets {
        let granted = try mask(for: context, on: node)
        return CapabilitySets(bounding: granted, effective: granted, permitted: granted)
    }

    private static func mask(for context: SecurityContext, on node: NodeFacts) throws(PlanningError) -> UInt64 {
        let all = ~UInt64(0) >> (63 - UInt64(node.kernel.lastCapability))
        if context.privileged { return all }
        let add = context.capabilities?.add ?? []
        let drop = context.capabilities?.drop ?? []
        var granted: UInt64 = 0
        for name in defaults { granted |= try bit(name) }
        if add.contains(where: isAll) { granted = all }
        if drop.contains(where: isAll) { granted = 0 }
        for name in add where !isAll(name) { granted |= try bit(name) }
        for name in drop where !isAll(name) { granted &= ~(try bit(name)) }
        return granted & all
    }

    private static func isAll(_ name: String) -> Bool { name.uppercased() == "ALL" || name.uppercased() == "CAP_ALL" }

    /// With or without the `CAP_` that libcap's names begin with.
    static func bit(_ name: String) throws(PlanningError) -> UInt64 {
        let lower = name.lowercased()
        var value: cap_value_t = 0
        guard cap_from_name(lower.hasPrefix("cap_") ? lower : "cap_\(lower)", &value) == 0, (0..<64).contains(value) else {
            throw .unknownCapability(name)
        }
        return 1 << UInt64(value)
    }
}
