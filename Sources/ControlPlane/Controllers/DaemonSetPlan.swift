import FoundationEssentials
import KubeAPI

struct DaemonSetState {
    var set: JSONValue
    var pods: [JSONValue]
    var nodes: [JSONValue]
    var revisions: [JSONValue]
    var now: Date
}

/// Decides a DaemonSet's next steps. Source: k8s `pkg/controller/daemon`.
struct DaemonSetPlanner {
    private let set: JSONValue
    private let nodes: [JSONValue]
    private let now: Date
    private let history: RevisionHistory
    private let minReadySeconds: Int
    /// By node, oldest first.
    private var pods: [String: [JSONValue]] = [:]
    private var plan = Plan()
    private var strands: [[Operation]] = []

    static func plan(_ state: DaemonSetState) -> Plan {
        guard !state.set.meta.isDeleting else { return Plan() }
        var planner = DaemonSetPlanner(state)
        planner.decide()
        return planner.plan
    }

    private init(_ state: DaemonSetState) {
        set = state.set
        nodes = state.nodes
        now = state.now
        history = RevisionHistory(of: set, among: state.revisions)
        minReadySeconds = set.number("spec", "minReadySeconds") ?? 0
        let ownership = PodOwnership.claim(state.pods, for: set) { _ in true }
        plan.operations = history.operations + ownership.operations
        let oldestFirst = ownership.owned.sorted { left, right in
            (left.meta.json.text("creationTimestamp"), left.meta.name) < (right.meta.json.text("creationTimestamp"), right.meta.name)
        }
        for pod in oldestFirst { pods[Self.node(of: pod), default: []].append(pod) }
    }

    private var updateHash: String { history.update.revisionHash }

    private mutating func decide() {
        for node in nodes { populate(node) }
        let known = Set(nodes.map(\.meta.name))
        for (node, strays) in pods.sorted(by: { $0.key < $1.key }) where !known.contains(node) {
            for pod in strays where !pod.meta.isDeleting { delete(pod) }
        }
        // Renew only what is in order otherwise.
        if strands.isEmpty, set.text("spec", "updateStrategy", "type") != "OnDelete" { rollOut() }
        if !strands.isEmpty { plan.operations.append(.together(strands)) }
        setStatus()
        let live = Set(pods.values.joined().map(\.podRevision)).union([updateHash])
        plan.operations += history.truncation(live: live)
    }

    private mutating func populate(_ node: JSONValue) {
        let present = pods[node.meta.name] ?? []
        let (shouldRun, mayStay) = wants(node)
        guard shouldRun || mayStay else {
            for pod in present where !pod.meta.isDeleting { delete(pod) }
            return
        }
        for pod in present where pod.isPodTerminal && !pod.meta.isDeleting {
            let word = pod.phase == "Failed" ? "failed" : "succeeded"
            record(.warning, pod.phase == "Failed" ? "FailedDaemonPod" : "SucceededDaemonPod", "Found \(word) daemon pod \(pod.meta.namespace)/\(pod.meta.name) on node \(node.meta.name), will try to delete it")
            delete(pod)
        }
        let alive = present.filter { !$0.isPodTerminal && !$0.meta.isDeleting }
        for extra in alive.dropFirst() { delete(extra) }
        if present.isEmpty, shouldRun { create(on: node) }
    }

    /// Pods of an older revision are deleted as long as enough others are available.
    private mutating func rollOut() {
        let desired = nodes.filter { wants($0).shouldRun }
        let most = max(1, set.scaled(
            set.intOrString("spec", "updateStrategy", "rollingUpdate", "maxUnavailable"), of: desired.count, default: 1, roundingUp: true))
        var unavailable = 0
        var candidates: [JSONValue] = []
        for node in desired {
            guard let pod = (pods[node.meta.name] ?? []).first(where: { !$0.meta.isDeleting }) else {
                unavailable += 1
                continue
            }
            let isAvailable = isAvailable(pod)
            if !isAvailable { unavailable += 1 }
            guard pod.podRevision != updateHash else { continue }
            if isAvailable { candidates.append(pod) } else { delete(pod) }
        }
        for pod in candidates.prefix(max(0, most - unavailable)) { delete(pod) }
    }

    // MARK: placing

    /// Whether a new pod belongs on `node`, and whether one already there may stay.
    private func wants(_ node: JSONValue) -> (shouldRun: Bool, mayStay: Bool) {
        let spec = set.find("spec", "template", "spec") ?? .object([:])
        let name = spec.text("nodeName")
        guard name.isEmpty || name == node.meta.name, NodeFit.selects(spec, node) else { return (false, false) }
        let tolerations = spec.items("tolerations") + Self.tolerations(onHostNetwork: spec.flag("hostNetwork"))
        let shouldRun = NodeFit.untolerated(node, by: tolerations) == nil
        return (shouldRun, shouldRun || NodeFit.untolerated(node, by: tolerations, effects: ["NoExecute"]) == nil)
    }

    /// A daemon pod stays whatever the node's state.
    static func tolerations(onHostNetwork: Bool) -> [JSONValue] {
        var rules: [(String, String)] = [
            ("not-ready", "NoExecute"), ("unreachable", "NoExecute"), ("disk-pressure", "NoSchedule"), ("memory-pressure", "NoSchedule"),
            ("pid-pressure", "NoSchedule"), ("unschedulable", "NoSchedule"),
        ]
        if onHostNetwork { rules.append(("network-unavailable", "NoSchedule")) }
        return rules.map { ["key": .string("node.kubernetes.io/\($0.0)"), "operator": "Exists", "effect": .string($0.1)] }
    }

    /// The node a pod has, or is meant for.
    static func node(of pod: JSONValue) -> String {
        let bound = pod.text("spec", "nodeName")
        if !bound.isEmpty { return bound }
        let terms = pod.items("spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms")
        let rule = terms.first?.items("matchFields").first { $0.text("key") == "metadata.name" }
        return rule?.texts("values").first ?? ""
    }

    private mutating func create(on node: JSONValue) {
        var pod = StatefulSetPod.template(of: set, named: nil)
        var labels = pod.textMap("metadata", "labels")
        labels["controller-revision-hash"] = updateHash
        pod.set("metadata", "labels", to: labels.json)
        let own = pod.items("spec", "tolerations")
        let added = Self.tolerations(onHostNetwork: pod.flag("spec", "hostNetwork")).filter { !own.contains($0) }
        pod.set("spec", "tolerations", to: .array(own + added))
        let rule: JSONValue = ["key": "metadata.name", "operator": "In", "values": [.string(node.meta.name)]]
        let key = "requiredDuringSchedulingIgnoredDuringExecution"
        var terms = pod.items("spec", "affinity", "nodeAffinity", key, "nodeSelectorTerms")
        if terms.isEmpty { terms = [[:]] }
        for index in terms.indices { terms[index]["matchFields"] = [rule] }
        pod.set("spec", "affinity", "nodeAffinity", key, to: ["nodeSelectorTerms": .array(terms)])
        let announcement = Announcement(
            success: occurrence(.normal, "SuccessfulCreate", "Created pod: "), failure: occurrence(.warning, "FailedCreate", "Error creating: "))
        strands.append([.create(pod, announcing: announcement)])
    }

    private mutating func delete(_ pod: JSONValue) {
        let name = pod.meta.name
        let announcement = Announcement(
            success: occurrence(.normal, "SuccessfulDelete", "Deleted pod: \(name)"),
            failure: occurrence(.warning, "FailedDelete", "Error deleting: "))
        strands.append([.delete(pod.target, uid: pod.meta.uid, announcing: announcement)])
    }

    private mutating func isAvailable(_ pod: JSONValue) -> Bool {
        let availability = pod.podAvailability(minReadySeconds: minReadySeconds, now: now)
        if let wait = availability.wait { plan.lookAgain(after: wait) }
        return availability.isAvailable
    }

    // MARK: status

    private mutating func setStatus() {
        var (desired, current, misscheduled, ready, available, updated) = (0, 0, 0, 0, 0, 0)
        for node in nodes {
            let (shouldRun, _) = wants(node)
            let here = (pods[node.meta.name] ?? []).filter { !$0.isPodTerminal }
            guard shouldRun else {
                if !here.isEmpty { misscheduled += 1 }
                continue
            }
            desired += 1
            guard let pod = here.first else { continue }
            current += 1
            if pod.isPodReady, !pod.meta.isDeleting {
                ready += 1
                if isAvailable(pod) { available += 1 }
            }
            if pod.podRevision == updateHash { updated += 1 }
        }
        var status = set["status"] ?? .object([:])
        if status == .null { status = .object([:]) }
        status["observedGeneration"] = .int(set.meta.generation)
        status["desiredNumberScheduled"] = .int(desired)
        status["currentNumberScheduled"] = .int(current)
        status["numberMisscheduled"] = .int(misscheduled)
        status["numberReady"] = .int(ready)
        status["numberAvailable"] = available == 0 ? nil : .int(available)
        status["numberUnavailable"] = desired == available ? nil : .int(desired - available)
        status["updatedNumberScheduled"] = updated == 0 ? nil : .int(updated)
        if history.collisionCount > 0 { status["collisionCount"] = .int(history.collisionCount) }
        plan.setStatus(of: set, to: status)
    }

    private func occurrence(_ severity: Occurrence.Severity, _ reason: String, _ message: String) -> Occurrence {
        Occurrence(subject: set.reference, severity: severity, reason: reason, message: message, component: "daemonset-controller")
    }

    private mutating func record(_ severity: Occurrence.Severity, _ reason: String, _ message: String) {
        plan.operations.append(.record(occurrence(severity, reason, message)))
    }
}
