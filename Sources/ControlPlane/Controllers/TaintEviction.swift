import FoundationEssentials
import KubeAPI

/// Deletes pods from nodes whose `NoExecute` taints they do not tolerate, or no longer: `tolerationSeconds` counts from when
/// the taint was set. Source: k8s `pkg/controller/tainteviction`.
///
/// Taints that say a node is away do not count: with one node there is nowhere else to go, see `NodeLifecycle`.
struct TaintEviction: Controller {
    let name = "taint-eviction-controller"
    let watched = [ResourceCatalog.nodes, ResourceCatalog.pods]
    /// A taint without a time counts from when this control plane first could see it.
    let startedAt = Date()

    private static let outages: Set<String> = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"]

    func items(concernedBy object: JSONValue, of resource: Resource, isGone: Bool, in objects: any ObjectReader) -> [WorkItem] {
        if isGone { return [] }
        if resource == ResourceCatalog.nodes { return [WorkItem(name: object.meta.name)] }
        let node = object.text("spec", "nodeName")
        guard !node.isEmpty, !object.meta.isDeleting, let host = objects.one(ResourceCatalog.nodes, name: node) else { return [] }
        return Self.taints(of: host).isEmpty ? [] : [WorkItem(name: node)]
    }

    private static func taints(of node: JSONValue) -> [JSONValue] {
        node.items("spec", "taints").filter { $0.text("effect") == "NoExecute" && !outages.contains($0.text("key")) }
    }

    func plan(_ item: WorkItem, in objects: any ObjectReader, now: Date) -> Plan {
        guard let node = objects.one(ResourceCatalog.nodes, name: item.name) else { return Plan() }
        return Self.plan(node, pods: objects.all(ResourceCatalog.pods), startedAt: startedAt, now: now)
    }

    static func plan(_ node: JSONValue, pods: [JSONValue], startedAt: Date, now: Date) -> Plan {
        let taints = taints(of: node)
        var plan = Plan()
        guard !taints.isEmpty else { return plan }
        var strands: [[Operation]] = []
        for pod in pods where pod.text("spec", "nodeName") == node.meta.name && !pod.meta.isDeleting && !pod.isPodTerminal {
            guard let end = taints.compactMap({ tolerationEnd(of: pod, for: $0, startedAt: startedAt) }).min() else { continue }
            let left = end.timeIntervalSince(now)
            guard left <= 0 else {
                plan.lookAgain(after: .milliseconds(Int(left * 1000) + 1))
                continue
            }
            strands.append([
                .delete(
                    pod.target, uid: pod.meta.uid,
                    announcing: Announcement(
                        success: Occurrence(
                            subject: pod.reference, severity: .normal, reason: "TaintManagerEviction",
                            message: "Marking for deletion Pod \(pod.meta.namespace)/\(pod.meta.name)", component: "taint-eviction-controller"),
                        failure: nil))
            ])
        }
        if !strands.isEmpty { plan.operations = [.together(strands)] }
        return plan
    }

    /// Nil for ever. A pod that came later than the taint has its seconds from its own start.
    private static func tolerationEnd(of pod: JSONValue, for taint: JSONValue, startedAt: Date) -> Date? {
        let since = max(
            Timestamp(taint.text("timeAdded"))?.date ?? startedAt, Timestamp(pod.text("status", "startTime"))?.date ?? .distantPast)
        let matching = pod.items("spec", "tolerations").filter { NodeFit.tolerates($0, taint) }
        if matching.isEmpty { return .distantPast }
        // Of several, the shortest counts; one without seconds is for ever and shortens nothing.
        let seconds = matching.compactMap { $0.number("tolerationSeconds") }.min()
        return seconds.map { since.addingTimeInterval(Double(max($0, 0))) }
    }
}
