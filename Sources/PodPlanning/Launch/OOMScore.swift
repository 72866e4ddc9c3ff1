package import KubeAPI

/// `oom_score_adj` of a container's process, -997...1000: the less of its request a burstable container leaves unused, the
/// safer it is. Source: Kubernetes, "Node out of memory behavior".
package func oomScoreAdjustment(of container: Container, in pod: Pod, on node: NodeFacts) -> Int {
    if let priority = pod.spec.priority, priority >= 2_000_000_000 { return -997 }
    switch QOSClass(of: pod.spec) {
    case .guaranteed: return -997
    case .bestEffort: return 1000
    case .burstable: break
    }
    guard let capacity = node.capacity["memory"]?.value, capacity > 0 else { return 999 }
    let all = pod.spec.containers + pod.spec.initContainers
    let memory = { (container: Container) in container.resources.effectiveRequests["memory"]?.value ?? 0 }
    // Memory the pod asks for beyond its containers is everybody's.
    var share = 0
    if let podRequest = pod.spec.resources?.effectiveRequests["memory"]?.value {
        share = max(podRequest - all.reduce(0) { $0 + memory($1) }, 0) / max(all.count, 1)
    }
    var request = memory(container)
    if container.isSidecar, pod.spec.initContainers.contains(where: { $0.name == container.name }) {
        // A sidecar does not go before the container it serves.
        request = max(request, pod.spec.containers.map(memory).min() ?? 0)
    }
    let (scaled, overflow) = (request + share).multipliedReportingOverflow(by: 1000)
    let adjustment = 1000 - (overflow ? 1000 : scaled / capacity)
    return min(max(adjustment, 3), 999)
}
