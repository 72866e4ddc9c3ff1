import FoundationEssentials
import KubeAPI

/// Gives pods their node: the first, by name, on which everything fits. With one node that is a yes or a no with reasons.
struct Scheduler: Controller {
    let name = "default-scheduler"
    let watched = [
        ResourceCatalog.pods, ResourceCatalog.nodes, ResourceCatalog.persistentVolumeClaims, ResourceCatalog.persistentVolumes,
        ResourceCatalog.storageClasses, ResourceCatalog.namespaces,
    ]

    /// All waiting pods are looked at together, so that no two are promised the same room.
    func items(concernedBy object: JSONValue, of resource: Resource, isGone: Bool, in objects: any ObjectReader) -> [WorkItem] {
        if resource == ResourceCatalog.pods, !isGone, !Self.waits(object), !object.isPodTerminal { return [] }
        return [.everything]
    }

    private static func waits(_ pod: JSONValue) -> Bool {
        pod.text("spec", "nodeName").isEmpty && !pod.meta.isDeleting && pod.text("spec", "schedulerName") == "default-scheduler"
    }

    func plan(_ item: WorkItem, in objects: any ObjectReader, now: Date) -> Plan {
        let pods = objects.all(ResourceCatalog.pods)
        let waiting = pods.filter(Self.waits)
        guard !waiting.isEmpty else { return Plan() }
        let classes = objects.all(ResourceCatalog.storageClasses)
        let state = SchedulingState(
            nodes: objects.all(ResourceCatalog.nodes), pods: pods, claims: objects.all(ResourceCatalog.persistentVolumeClaims),
            volumes: objects.all(ResourceCatalog.persistentVolumes), classes: classes, namespaces: objects.all(ResourceCatalog.namespaces),
            now: now)
        return SchedulingPlanner.plan(waiting, state)
    }
}

struct SchedulingState {
    var nodes: [JSONValue]
    var pods: [JSONValue]
    var claims: [JSONValue]
    var volumes: [JSONValue]
    var classes: [JSONValue]
    var namespaces: [JSONValue]
    var now: Date
}

/// Decides where each waiting pod goes, in order of priority, then age.
struct SchedulingPlanner {
    private let state: SchedulingState
    private let claims: [String: JSONValue]
    private let volumes: [String: JSONValue]
    private let classes: [String: JSONValue]
    /// By node.
    private var taken: [String: ResourceDemand] = [:]
    /// Pods that have their node, those placed by this plan included.
    private var placed: [JSONValue] = []
    /// Pods whose other strands are independent of each other.
    private var strands: [[Operation]] = []

    static func plan(_ waiting: [JSONValue], _ state: SchedulingState) -> Plan {
        var planner = SchedulingPlanner(state)
        let ordered = waiting.sorted { left, right in
            let (a, b) = (left.number("spec", "priority") ?? 0, right.number("spec", "priority") ?? 0)
            if a != b { return a > b }
            return (left.meta.json.text("creationTimestamp"), left.meta.name) < (right.meta.json.text("creationTimestamp"), right.meta.name)
        }
        for pod in ordered { planner.place(pod) }
        return Plan(operations: planner.strands.isEmpty ? [] : [.together(planner.strands)])
    }

    private init(_ state: SchedulingState) {
        self.state = state
        claims = Dictionary(state.claims.map { ("\($0.meta.namespace)/\($0.meta.name)", $0) }) { $1 }
        volumes = Dictionary(state.volumes.map { ($0.meta.name, $0) }) { $1 }
        classes = Dictionary(state.classes.map { ($0.meta.name, $0) }) { $1 }
        for pod in state.pods where !pod.isPodTerminal {
            let node = pod.text("spec", "nodeName")
            guard !node.isEmpty else { continue }
            taken[node, default: ResourceDemand()].add(ResourceDemand(of: pod))
            placed.append(pod)
        }
    }

    private mutating func place(_ pod: JSONValue) {
        if !pod.items("spec", "schedulingGates").isEmpty { return }
        switch storage(of: pod) {
        case .refused(let message): refuse(pod, message)
        case .known(let bound, let unbound):
            let demand = ResourceDemand(of: pod)
            var reasons: [String: Int] = [:]
            for node in state.nodes {
                let why = obstacles(pod, demand, node, bound: bound, unbound: unbound)
                guard !why.isEmpty else {
                    accept(pod, demand, node, unbound)
                    return
                }
                for reason in why { reasons[reason, default: 0] += 1 }
            }
            if state.nodes.isEmpty {
                refuse(pod, "no nodes available to schedule pods")
                return
            }
            let list = reasons.map { "\($0.value) \($0.key)" }.sorted().joined(separator: ", ")
            refuse(
                pod,
                "0/\(state.nodes.count) nodes are available: \(list). preemption: 0/\(state.nodes.count) nodes are available: \(state.nodes.count) Preemption is not helpful for scheduling.")
        }
    }

    // MARK: storage

    private enum Storage {
        /// Volumes the pod's claims are bound to, and the claims that wait for a node.
        case known(bound: [JSONValue], unbound: [JSONValue])
        case refused(String)
    }

    private func storage(of pod: JSONValue) -> Storage {
        var bound: [JSONValue] = []
        var unbound: [JSONValue] = []
        let all = "0/\(state.nodes.count) nodes are available: "
        for name in pod.podClaimNames {
            guard let claim = claims["\(pod.meta.namespace)/\(name)"] else {
                return .refused("\(all)persistentvolumeclaim \"\(name)\" not found. preemption: \(all)\(state.nodes.count) Preemption is not helpful for scheduling.")
            }
            if claim.meta.isDeleting {
                return .refused("\(all)persistentvolumeclaim \"\(name)\" is being deleted. preemption: \(all)\(state.nodes.count) Preemption is not helpful for scheduling.")
            }
            if claim.text("status", "phase") == "Lost" {
                return .refused("\(all)persistentvolumeclaim \"\(name)\" bound to non-existent persistentvolume \"\(claim.text("spec", "volumeName"))\". preemption: \(all)\(state.nodes.count) Preemption is not helpful for scheduling.")
            }
            if claim.isClaimBound, let volume = volumes[claim.text("spec", "volumeName")] {
                bound.append(volume)
            } else if classes[claim.text("spec", "storageClassName")]?.text("volumeBindingMode") == "WaitForFirstConsumer" {
                unbound.append(claim)
            } else {
                return .refused("\(all)pod has unbound immediate PersistentVolumeClaims. preemption: \(all)\(state.nodes.count) Preemption is not helpful for scheduling.")
            }
        }
        return .known(bound: bound, unbound: unbound)
    }

    // MARK: nodes

    private func obstacles(_ pod: JSONValue, _ demand: ResourceDemand, _ node: JSONValue, bound: [JSONValue], unbound: [JSONValue]) -> [String] {
        let tolerations = pod.items("spec", "tolerations")
        let cordon: JSONValue = ["key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"]
        if node.flag("spec", "unschedulable"), !tolerations.contains(where: { NodeFit.tolerates($0, cordon) }) {
            return ["node(s) were unschedulable"]
        }
        if let taint = NodeFit.untolerated(node, by: tolerations) {
            let value = taint.text("value")
            return ["node(s) had untolerated taint {\(taint.text("key")): \(value)}"]
        }
        guard NodeFit.selects(pod["spec"] ?? .object([:]), node) else { return ["node(s) didn't match Pod's node affinity/selector"] }
        let taken = taken[node.meta.name] ?? ResourceDemand()
        if demand.collides(with: taken) { return ["node(s) didn't have free ports for the requested pod ports"] }
        let lacking = demand.lacking(on: node, beside: taken)
        guard lacking.isEmpty else { return lacking.map { $0 == "pods" ? "Too many pods" : "Insufficient \($0)" } }
        if let rule = PodAffinity(nodes: state.nodes, placed: placed, namespaces: state.namespaces).obstacle(for: pod, on: node) { return [rule] }
        for volume in bound {
            if let required = volume.find("spec", "nodeAffinity", "required"), !NodeFit.matches(required, node) {
                return ["node(s) didn't match PersistentVolume's node affinity"]
            }
        }
        for claim in unbound {
            let chosen = claim.meta.annotations[ClaimBinding.selectedNode] ?? ""
            if !chosen.isEmpty, chosen != node.meta.name, state.nodes.contains(where: { $0.meta.name == chosen }) {
                return ["node(s) didn't match the node selected for PersistentVolumeClaim \"\(claim.meta.name)\""]
            }
            let provisioner = classes[claim.text("spec", "storageClassName")]?.text("provisioner") ?? ""
            if provisioner == ClaimBinding.noProvisioner, ClaimBinding.bestVolume(for: claim, among: state.volumes, on: node) == nil {
                return ["node(s) didn't find available persistent volumes to bind"]
            }
        }
        return []
    }

    private mutating func accept(_ pod: JSONValue, _ demand: ResourceDemand, _ node: JSONValue, _ unbound: [JSONValue]) {
        taken[node.meta.name, default: ResourceDemand()].add(demand)
        var there = pod
        there.set("spec", "nodeName", to: .string(node.meta.name))
        placed.append(there)
        guard unbound.isEmpty else {
            // The claims learn the node first; once they are bound, the pod follows.
            let strand = unbound.compactMap { claim -> Operation? in
                guard claim.meta.annotations[ClaimBinding.selectedNode] != node.meta.name else { return nil }
                let provisioner = classes[claim.text("spec", "storageClassName")]?.text("provisioner") ?? ""
                var annotations: JSONValue = [ClaimBinding.selectedNode: .string(node.meta.name)]
                // Where no volume fits, the provisioner need not wait for the binder to say so.
                let isToBeMade = provisioner != ClaimBinding.noProvisioner
                    && ClaimBinding.bestVolume(for: claim, among: state.volumes, on: node) == nil
                if isToBeMade { annotations[ClaimBinding.storageProvisioner] = .string(provisioner) }
                return .patch(claim.target, uid: claim.meta.uid, ["metadata": ["annotations": annotations]])
            }
            if !strand.isEmpty { strands.append(strand) }
            return
        }
        let stamp = JSONValue.string(Timestamp(state.now).description)
        var conditions = pod.items("status", "conditions").filter { $0.text("type") != "PodScheduled" }
        conditions.append(["type": "PodScheduled", "status": "True", "lastProbeTime": .null, "lastTransitionTime": stamp])
        let message = "Successfully assigned \(pod.meta.namespace)/\(pod.meta.name) to \(node.meta.name)"
        strands.append([
            .patch(
                pod.target, uid: pod.meta.uid,
                ["spec": ["nodeName": .string(node.meta.name)], "status": ["conditions": .array(conditions)]], to: .binding),
            .record(
                Occurrence(subject: pod.reference, severity: .normal, reason: "Scheduled", message: message, component: "default-scheduler")),
        ])
    }

    /// Says so once; an unchanged verdict is not repeated.
    private mutating func refuse(_ pod: JSONValue, _ message: String) {
        let known = pod.condition("PodScheduled")
        guard known?.text("message") != message else { return }
        var conditions = pod.items("status", "conditions").filter { $0.text("type") != "PodScheduled" }
        let since = known?.text("status") == "False" ? known?["lastTransitionTime"] : nil
        conditions.append([
            "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": .string(message), "lastProbeTime": .null,
            "lastTransitionTime": since ?? .string(Timestamp(state.now).description),
        ])
        strands.append([
            .patch(pod.target, uid: pod.meta.uid, ["status": ["conditions": .array(conditions)]], to: .status),
            .record(
                Occurrence(subject: pod.reference, severity: .warning, reason: "FailedScheduling", message: message, component: "default-scheduler")),
        ])
    }
}
