package import KubeAPI
package import SandboxPlan

/// The plan of a pod's namespaces and cgroup.
///
/// - Parameter userMapping: the range of host ids set aside for the pod; needed when `hostUsers` is false, unused otherwise.
package func sandboxPlan(for pod: Pod, userMapping: IDMapping? = nil, on node: NodeFacts) throws(PlanningError) -> SandboxPlan {
    try SysctlPlan.check(pod, on: node)
    let spec = pod.spec
    let hasOwnUsers = spec.hostUsers == false
    if hasOwnUsers, userMapping == nil || !node.kernel.userNamespaces { throw .userNamespacesUnavailable }
    let pids: PodNamespaces.PIDScope = spec.hostPID ? .host : spec.shareProcessNamespace == true ? .pod : .container
    return SandboxPlan(
        pod: pod.identity,
        // A pod on the host's network carries the host's name, in the host's UTS namespace.
        hostname: spec.hostNetwork ? nil : try PodHostname(of: pod, on: node).kernelName,
        namespaces: PodNamespaces(
            network: !spec.hostNetwork, ipc: !spec.hostIPC, uts: !spec.hostNetwork, pid: pids, user: hasOwnUsers ? userMapping : nil),
        sysctls: SysctlPlan.writes(for: pod, userMapping: userMapping),
        cgroup: cgroupPlan(for: pod, on: node), oomScoreAdjustment: max(-998, node.privileges.lowestOOMScore))
}

extension Pod {
    package var identity: PodIdentity { PodIdentity(uid: metadata.uid, namespace: metadata.namespace, name: metadata.name) }
}
