package import KubeAPI

/// The CPU and memory the node has granted a pod. It lags behind the spec while a resize is deferred or infeasible, and is
/// kept in the ledger: a restart of the daemon neither grants nor takes anything.
/// Source: KEP 1287, In-Place Update of Pod Resources.
package struct ResourceAllocation: Codable, Hashable, Sendable {
    /// By container name, init containers among them.
    package var containers: [String: ResourceRequirements]
    /// Pod-level resources.
    package var pod: ResourceRequirements?

    package init(of spec: PodSpec) {
        let all = spec.initContainers + spec.containers
        containers = Dictionary(all.map { ($0.name, $0.resources) }, uniquingKeysWith: { first, _ in first })
        pod = spec.resources
    }

    /// The pod as it was granted: plans, admission of others and statuses are made from this one.
    package func applied(to pod: Pod) -> Pod {
        var granted = pod
        for index in granted.spec.containers.indices {
            if let own = containers[granted.spec.containers[index].name] { granted.spec.containers[index].resources = own }
        }
        for index in granted.spec.initContainers.indices {
            if let own = containers[granted.spec.initContainers[index].name] { granted.spec.initContainers[index].resources = own }
        }
        granted.spec.resources = self.pod
        return granted
    }
}

/// What the node says to a changed spec.
package enum ResizeVerdict: Hashable, Sendable {
    case unchanged
    /// Record this allocation; `resizeActions` carries it out.
    case granted(ResourceAllocation)
    /// There is no room now; asked again when another pod goes or shrinks. The message of the PodResizePending condition.
    case deferred(String)
    /// There never will be.
    case infeasible(String)
}

/// - Parameters:
///   - pod: with the spec that is wanted.
///   - admitted: the other pods of the node, each as it was granted.
package func resizeVerdict(for pod: Pod, from allocation: ResourceAllocation, admitted: [Pod], on node: NodeFacts) -> ResizeVerdict {
    let wanted = ResourceAllocation(of: pod.spec)
    guard wanted != allocation else { return .unchanged }
    // A mirror pod's resources are its manifest's.
    if pod.metadata.annotations["kubernetes.io/config.mirror"] != nil || pod.metadata.annotations["kubernetes.io/config.source"] == "file" {
        return .infeasible("In-place resize of static-pods is not supported")
    }
    let allocatable = ResourceAmounts(node.allocatable)
    let requests = pod.spec.requests
    for name in ["cpu", "memory"] {
        if let capacity = allocatable[name], let requested = requests[name], requested > capacity {
            return .infeasible("Node didn't have enough capacity: \(name), requested: \(requested), capacity: \(capacity)")
        }
    }
    // Whoever asks for less fits where it is.
    let now = allocation.applied(to: pod).spec.requests
    let grows = requests.contains { $0.value > now[$0.key, default: 0] }
    if grows, let failure = shortage(for: pod, beside: admitted, on: node) { return .deferred(failure.message) }
    return .granted(wanted)
}
