package import KubeAPI

/// Why a pod cannot run on this node; nil when it can. The pod then fails with the reason, for the scheduler to see that it
/// was wrong. Source: kubelet, `lifecycle` admission handlers; their order, reasons and messages.
///
/// - Parameters:
///   - admitted: the other pods of the node that are not terminal.
///   - taints: of the Node object; `NoExecute` ones that the pod does not tolerate keep it out.
package func admissionFailure(of pod: Pod, admitted: [Pod], taints: [Taint], on node: NodeFacts) -> PodFailure? {
    if let os = pod.spec.os?.name, os != "linux" {
        return PodFailure(reason: "PodOSNotSupported", message: "Failed to admit pod as the OS field doesn't match node OS")
    }
    if let os = pod.metadata.labels["kubernetes.io/os"], os != "linux" {
        return PodFailure(
            reason: "PodOSSelectorNodeLabelDoesNotMatch",
            message: "Failed to admit pod as the `kubernetes.io/os` label doesn't match node label")
    }
    if let field = pod.spec.unsupportedFields.first {
        return PodFailure(reason: "UnexpectedAdmissionError", message: "spec.\(field.path): \(field.detail)")
    }
    for container in pod.spec.allContainers {
        // Ignored, the pod would run by other rules than it was written for.
        if let rule = container.restartPolicyRules.first(where: { !["Restart", ContainerRestartRule.restartAll].contains($0.action) }) {
            return PodFailure(
                reason: "UnexpectedAdmissionError",
                message: "container \(container.name) has a restart rule with action \(rule.action), which this node does not support")
        }
    }
    if let failure = shortage(for: pod, beside: admitted, on: node) { return failure }
    if !pod.spec.matches(labels: node.nodeLabels, nodeName: node.nodeName) {
        return PodFailure(reason: "NodeAffinity", message: "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector")
    }
    if let taken = hostPortConflict(of: pod, beside: admitted) {
        return PodFailure(reason: "NodePorts", message: "Predicate NodePorts failed: host port \(taken) is in use on the node")
    }
    let isTolerated = { (taint: Taint) in pod.spec.tolerations.contains { $0.tolerates(taint) } }
    if let taint = taints.first(where: { $0.effect == "NoExecute" && !isTolerated($0) }) {
        return PodFailure(
            reason: "TaintToleration", message: "Predicate TaintToleration failed: node(s) had untolerated taint {\(taint.key): \(taint.value)}")
    }
    if node.kernel.seLinux == nil, let field = pod.spec.seLinuxField {
        return PodFailure(reason: "SELinux", message: "Cannot enforce SELinux: spec.\(field): SELinux is not enabled on the host; remove it")
    }
    if pod.spec.asksForAppArmor, !node.kernel.appArmor {
        return PodFailure(reason: "AppArmor", message: "Cannot enforce AppArmor: AppArmor is not enabled on the host")
    }
    do {
        try SysctlPlan.check(pod, on: node)
    } catch {
        return PodFailure(reason: "SysctlForbidden", message: error.description)
    }
    return nil
}

func shortage(for pod: Pod, beside admitted: [Pod], on node: NodeFacts) -> PodFailure? {
    func failure(_ name: String, requested: Int, used: Int, capacity: Int) -> PodFailure {
        PodFailure(
            reason: "OutOf\(name)",
            message: "Node didn't have enough resource: \(name), requested: \(requested), used: \(used), capacity: \(capacity)")
    }
    let allocatable = ResourceAmounts(node.allocatable)
    if let pods = allocatable["pods"], admitted.count + 1 > pods {
        return failure("pods", requested: 1, used: admitted.count, capacity: pods)
    }
    let used = admitted.reduce(ResourceAmounts()) { $0.adding($1.spec.requests) }
    for (name, requested) in pod.spec.requests.sorted(by: { $0.key < $1.key }) where requested > 0 {
        // A resource the node does not know is counted by someone else.
        guard let capacity = allocatable[name] ?? (HugePages.pageBytes(of: name) != nil ? 0 : nil) else { continue }
        if requested > capacity - used[name, default: 0] {
            return failure(name, requested: requested, used: used[name, default: 0], capacity: capacity)
        }
    }
    return nil
}

/// The first port of the host that another pod holds.
private func hostPortConflict(of pod: Pod, beside admitted: [Pod]) -> Int? {
    let taken = admitted.flatMap(\.spec.hostPorts)
    return pod.spec.hostPorts.first { wanted in taken.contains { $0.conflicts(with: wanted) } }?.hostPort
}

extension PodSpec {
    fileprivate var asksForAppArmor: Bool {
        let profiles = allContainers.map(\.securityContext.appArmorProfile) + [securityContext.appArmorProfile]
        return profiles.contains { $0.map { $0.type != "Unconfined" } ?? false }
    }

    /// The first field that asks for a label.
    fileprivate var seLinuxField: String? {
        if securityContext.seLinuxOptions != nil { return "securityContext.seLinuxOptions" }
        if securityContext.seLinuxChangePolicy != nil { return "securityContext.seLinuxChangePolicy" }
        for (list, members) in [("initContainers", initContainers), ("containers", containers), ("ephemeralContainers", ephemeralContainers)] {
            if let index = members.firstIndex(where: { $0.securityContext.seLinuxOptions != nil }) {
                return "\(list)[\(index)].securityContext.seLinuxOptions"
            }
        }
        return nil
    }

    /// Sidecars hold their ports beside the regular containers.
    fileprivate var hostPorts: [ContainerPort] {
        (containers + initContainers.filter(\.isSidecar)).flatMap(\.ports).filter { $0.hostPort > 0 }
    }
}

extension ContainerPort {
    fileprivate func conflicts(with other: ContainerPort) -> Bool {
        let everywhere: Set<String> = ["", "0.0.0.0", "::"]
        let sameAddress = hostIP == other.hostIP || everywhere.contains(hostIP) || everywhere.contains(other.hostIP)
        let name = { (proto: String) in proto.isEmpty ? "TCP" : proto }
        return hostPort == other.hostPort && name(self.protocol) == name(other.protocol) && sameAddress
    }
}
