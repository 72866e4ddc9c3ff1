import KubeAPI

/// Whether a pod may run on a node, by what both say. Source: k8s `pkg/scheduler/framework/plugins`.
enum NodeFit {
    /// Taints that keep a pod away.
    static func untolerated(_ node: JSONValue, by tolerations: [JSONValue], effects: Set<String> = ["NoSchedule", "NoExecute"]) -> JSONValue? {
        node.items("spec", "taints").first { taint in
            effects.contains(taint.text("effect")) && !tolerations.contains { tolerates($0, taint) }
        }
    }

    static func tolerates(_ toleration: JSONValue, _ taint: JSONValue) -> Bool {
        let effect = toleration.text("effect")
        guard effect.isEmpty || effect == taint.text("effect") else { return false }
        let key = toleration.text("key")
        guard key.isEmpty || key == taint.text("key") else { return false }
        switch toleration.text("operator") {
        case "Exists": return true
        case "", "Equal": return toleration.text("value") == taint.text("value")
        default: return false
        }
    }

    /// `nodeSelector` and required node affinity.
    static func selects(_ spec: JSONValue, _ node: JSONValue) -> Bool {
        let labels = node.meta.labels
        guard spec.textMap("nodeSelector").allSatisfy({ labels[$0.key] == $0.value }) else { return false }
        guard let required = spec.find("affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution") else { return true }
        return matches(required, node)
    }

    /// A NodeSelector: one of its terms; an empty term matches nothing.
    static func matches(_ selector: JSONValue, _ node: JSONValue) -> Bool {
        let fields = ["metadata.name": node.meta.name]
        return selector.items("nodeSelectorTerms").contains { term in
            let (expressions, fieldRules) = (term.items("matchExpressions"), term.items("matchFields"))
            guard !expressions.isEmpty || !fieldRules.isEmpty else { return false }
            return expressions.allSatisfy { matches($0, node.meta.labels) } && fieldRules.allSatisfy { matches($0, fields) }
        }
    }

    private static func matches(_ rule: JSONValue, _ labels: [String: String]) -> Bool {
        let value = labels[rule.text("key")]
        let values = rule.texts("values")
        switch rule.text("operator") {
        case "In": return value.map(values.contains) ?? false
        case "NotIn": return !(value.map(values.contains) ?? false)
        case "Exists": return value != nil
        case "DoesNotExist": return value == nil
        case "Gt", "Lt":
            guard let left = value.flatMap({ Int($0) }), let right = values.first.flatMap({ Int($0) }) else { return false }
            return rule.text("operator") == "Gt" ? left > right : left < right
        default: return false
        }
    }
}

/// What a pod takes from a node, in thousandths of each resource's unit.
struct ResourceDemand: Equatable {
    private(set) var amounts: [String: Int] = [:]
    private(set) var hostPorts: Set<String> = []

    /// The larger of what runs together and what each init container needs; sidecars count with both. Requests of the pod as
    /// a whole stand in their place, and overhead comes on top.
    init(of pod: JSONValue) {
        var running: [String: Int] = [:]
        for container in pod.items("spec", "containers") { Self.add(Self.requests(container.find("resources", "requests")), to: &running) }
        var sidecars: [String: Int] = [:]
        var peak: [String: Int] = [:]
        for container in pod.items("spec", "initContainers") {
            let own = Self.requests(container.find("resources", "requests"))
            if container.text("restartPolicy") == "Always" {
                Self.add(own, to: &sidecars)
                peak.merge(sidecars) { max($0, $1) }
            } else {
                var together = sidecars
                Self.add(own, to: &together)
                peak.merge(together) { max($0, $1) }
            }
        }
        Self.add(sidecars, to: &running)
        amounts = running.merging(peak) { max($0, $1) }
        amounts.merge(Self.requests(pod.find("spec", "resources", "requests"))) { _, pod in pod }
        Self.add(Self.requests(pod.find("spec", "overhead")), to: &amounts)
        amounts["pods"] = 1000
        for container in pod.items("spec", "containers") + pod.items("spec", "initContainers") {
            for port in container.items("ports") {
                if let number = port.number("hostPort"), number > 0 { hostPorts.insert("\(port.text("protocol"))/\(port.text("hostIP"))/\(number)") }
            }
        }
    }

    init() {}

    mutating func add(_ other: ResourceDemand) {
        Self.add(other.amounts, to: &amounts)
        hostPorts.formUnion(other.hostPorts)
    }

    /// The resources of which there is not enough left beside `taken`, in order of name.
    func lacking(on node: JSONValue, beside taken: ResourceDemand) -> [String] {
        amounts.filter { name, amount in
            guard amount > 0 else { return false }
            let total = node.quantity("status", "allocatable", name)?.milliValue ?? 0
            return taken.amounts[name, default: 0] + amount > total
        }.map(\.key).sorted()
    }

    /// Ports on the same address, or on any, exclude each other.
    func collides(with taken: ResourceDemand) -> Bool {
        hostPorts.contains { mine in
            let (left, leftAny) = Self.split(mine)
            return taken.hostPorts.contains { theirs in
                let (right, rightAny) = Self.split(theirs)
                return mine == theirs || left == right && (leftAny || rightAny)
            }
        }
    }

    private static func split(_ port: String) -> (String, isAnyAddress: Bool) {
        let parts = port.split(separator: "/", omittingEmptySubsequences: false)
        return ("\(parts[0])/\(parts[2])", ["", "0.0.0.0", "::"].contains(parts[1]))
    }

    private static func requests(_ json: JSONValue?) -> [String: Int] {
        (json?.object ?? [:]).compactMapValues { $0.asQuantity?.milliValue }
    }

    private static func add(_ more: [String: Int], to amounts: inout [String: Int]) { amounts.merge(more) { $0 + $1 } }
}
