/// The AppArmor profile of containers that have none of their own, or ask for RuntimeDefault: what a container has no business
/// with stays out of reach also for one that keeps all capabilities. Source: apparmor.d(5); Kubernetes leaves the rules to the runtime.
package enum DefaultAppArmorProfile {
    package static let name = "berth-default"

    /// For `apparmor_parser`.
    package static let text = """
        profile \(name) flags=(attach_disconnected, mediate_deleted) {
          file,
          network,
          capability,
          umount,
          deny mount,

          # The node ends containers; they see to themselves.
          signal (receive) peer=unconfined,
          signal (send, receive) peer=\(name),
          ptrace (trace, read, tracedby, readby) peer=\(name),

          deny /proc/sysrq-trigger rwklx,
          deny /proc/kcore rwklx,
          deny /proc/sys/** wklx,
          deny /sys/firmware/** rwklx,
          deny /sys/kernel/security/** rwklx,
          # All of /sys but the cgroups.
          deny /sys/{[^f],f[^s]}*/** wklx,
          deny /sys/fs/{[^c],c[^g]}*/** wklx,
        }

        """
}
