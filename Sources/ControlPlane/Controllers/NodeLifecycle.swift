import FoundationEssentials
import KubeAPI

/// Notices when a node has stopped renewing its lease, and keeps the taints that say what a node's conditions say.
/// Its pods stay: with one node there is nowhere else to go.
struct NodeLifecycle: Controller {
    let name = "node-lifecycle-controller"
    let watched = [ResourceCatalog.nodes, ResourceCatalog.leases]
    /// A lease that ran out while nobody could renew it says nothing.
    let startedAt = Date()

    func items(concernedBy object: JSONValue, of resource: Resource, isGone: Bool, in objects: any ObjectReader) -> [WorkItem] {
        if isGone { return [] }
        if resource == ResourceCatalog.leases, object.meta.namespace != "kube-node-lease" { return [] }
        return [WorkItem(name: object.meta.name)]
    }

    func plan(_ item: WorkItem, in objects: any ObjectReader, now: Date) -> Plan {
        guard let node = objects.one(ResourceCatalog.nodes, name: item.name) else { return Plan() }
        let lease = objects.one(ResourceCatalog.leases, namespace: "kube-node-lease", name: item.name)
        return Self.plan(node, lease: lease, startedAt: startedAt, now: now)
    }

    static func plan(_ node: JSONValue, lease: JSONValue?, startedAt: Date, now: Date) -> Plan {
        var plan = Plan()
        var node = node
        let seconds = Double(lease?.number("spec", "leaseDurationSeconds") ?? 40)
        let renewed = max(Timestamp(lease?.text("spec", "renewTime") ?? "")?.date ?? startedAt, startedAt)
        let left = seconds - now.timeIntervalSince(renewed)
        if left > 0 {
            plan.lookAgain(after: .milliseconds(Int(left * 1000) + 1))
        } else if node.condition("Ready")?.text("status") != "Unknown" {
            let stamp = JSONValue.string(Timestamp(now).description)
            let conditions = node.items("status", "conditions").map { condition -> JSONValue in
                var condition = condition
                condition["status"] = "Unknown"
                condition["reason"] = "NodeStatusUnknown"
                condition["message"] = "Kubelet stopped posting node status."
                condition["lastTransitionTime"] = stamp
                return condition
            }
            plan.operations = [
                .patch(node.target, uid: node.meta.uid, ["status": ["conditions": .array(conditions)]], to: .status),
                .record(
                    Occurrence(
                        subject: node.reference, severity: .normal, reason: "NodeNotReady",
                        message: "Node \(node.meta.name) status is now: NodeNotReady", component: "node-controller")),
            ]
            node.set("status", "conditions", to: .array(conditions))
        }
        let before = node.items("spec", "taints")
        let after = taints(of: node, keeping: before)
        if Set(before.map(\.identity)) != Set(after.map(\.identity)) {
            plan.operations.append(
                .patch(
                    node.target, uid: node.meta.uid, ["spec": ["taints": after.isEmpty ? .null : .array(after)]],
                    resourceVersion: plan.operations.isEmpty ? node.meta.resourceVersion : nil))
        }
        return plan
    }

    /// Taints that follow from conditions, beside those set by somebody else.
    private static func taints(of node: JSONValue, keeping taints: [JSONValue]) -> [JSONValue] {
        let ready = node.condition("Ready")?.text("status") ?? "Unknown"
        func isTrue(_ condition: String) -> Bool { node.condition(condition)?.text("status") == "True" }
        let wanted: [(key: String, effects: [String], applies: Bool)] = [
            ("node.kubernetes.io/not-ready", ["NoSchedule", "NoExecute"], ready == "False"),
            ("node.kubernetes.io/unreachable", ["NoSchedule", "NoExecute"], ready == "Unknown"),
            ("node.kubernetes.io/memory-pressure", ["NoSchedule"], isTrue("MemoryPressure")),
            ("node.kubernetes.io/disk-pressure", ["NoSchedule"], isTrue("DiskPressure")),
            ("node.kubernetes.io/pid-pressure", ["NoSchedule"], isTrue("PIDPressure")),
            ("node.kubernetes.io/network-unavailable", ["NoSchedule"], isTrue("NetworkUnavailable")),
            ("node.kubernetes.io/unschedulable", ["NoSchedule"], node.flag("spec", "unschedulable")),
        ]
        let managed = Set(wanted.map(\.key))
        let others = taints.filter { !managed.contains($0.text("key")) }
        let ours = wanted.filter(\.applies).flatMap { rule in
            rule.effects.map { effect -> JSONValue in
                taints.first { $0.text("key") == rule.key && $0.text("effect") == effect } ?? ["key": .string(rule.key), "effect": .string(effect)]
            }
        }
        return others + ours
    }
}

extension JSONValue {
    /// What makes two taints the same.
    fileprivate var identity: [String] { [text("key"), text("value"), text("effect")] }
}
