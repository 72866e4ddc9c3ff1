package import KubeAPI
package import SandboxPlan

/// The plan of a pod's namespaces and cgroup.
///
/// - Parameters:
///   - userMapping: the range of host ids set aside for the pod; needed when `hostUsers` is false, unused otherwise.
///   - runtime: what the handler of the pod's RuntimeClass stands for; nil is Berth itself.
package func sandboxPlan(for pod: Pod, userMapping: IDMapping? = nil, runtime: OCIRuntime? = nil, on node: NodeFacts) throws(PlanningError) -> SandboxPlan {
    try SysctlPlan.check(pod, on: node)
    let spec = pod.spec
    let hasOwnUsers = spec.hostUsers == false
    if hasOwnUsers, userMapping == nil || !node.kernel.userNamespaces { throw .userNamespacesUnavailable }
    if hasOwnUsers, let runtime { throw .userNamespacesUnsupported(handler: runtime.handler) }
    return SandboxPlan(
        pod: pod.identity,
        // A pod on the host's network carries the host's name, in the host's UTS namespace.
        hostname: spec.hostNetwork ? nil : try PodHostname(of: pod, on: node).kernelName,
        namespaces: PodNamespaces(of: pod, userMapping: hasOwnUsers ? userMapping : nil),
        sysctls: SysctlPlan.writes(for: pod, userMapping: userMapping),
        cgroup: cgroupPlan(for: pod, runtime: runtime, on: node), oomScoreAdjustment: max(-998, node.privileges.lowestOOMScore),
        runtime: runtime)
}

extension PodNamespaces {
    init(of pod: Pod, userMapping: IDMapping?) {
        let spec = pod.spec
        self.init(
            network: !spec.hostNetwork, ipc: !spec.hostIPC, uts: !spec.hostNetwork,
            pid: spec.hostPID ? .host : spec.shareProcessNamespace == true ? .pod : .container, user: userMapping)
    }
}

extension Pod {
    package var identity: PodIdentity { PodIdentity(uid: metadata.uid, namespace: metadata.namespace, name: metadata.name) }
}
