import KubeAPI

/// Rules by which pods seek or avoid each other. Source: k8s `pkg/scheduler/framework/plugins/{interpodaffinity,podtopologyspread}`.
struct PodAffinity {
    let nodes: [JSONValue]
    /// Placed pods that have not ended.
    let placed: [JSONValue]
    let namespaces: [JSONValue]

    private static let required = "requiredDuringSchedulingIgnoredDuringExecution"

    /// Why `pod` may not go to `node`; nil when nothing speaks against it.
    func obstacle(for pod: JSONValue, on node: JSONValue) -> String? {
        for term in pod.items("spec", "affinity", "podAffinity", Self.required) {
            let isNear = neighbours(of: node, by: term.text("topologyKey")).contains { matches(term, of: pod, $0) }
            // The first of a group that seeks itself has nobody to go to.
            let isFirst = matches(term, of: pod, pod) && !placed.contains { matches(term, of: pod, $0) }
            let hasKey = node.meta.labels[term.text("topologyKey")] != nil
            if !hasKey || !isNear && !isFirst { return "node(s) didn't match pod affinity rules" }
        }
        for term in pod.items("spec", "affinity", "podAntiAffinity", Self.required) {
            if neighbours(of: node, by: term.text("topologyKey")).contains(where: { matches(term, of: pod, $0) }) {
                return "node(s) didn't match pod anti-affinity rules"
            }
        }
        for other in placed {
            for term in other.items("spec", "affinity", "podAntiAffinity", Self.required) where matches(term, of: other, pod) {
                let isNear = neighbours(of: node, by: term.text("topologyKey")).contains { $0.meta.uid == other.meta.uid }
                if isNear { return "node(s) didn't satisfy existing pods anti-affinity rules" }
            }
        }
        return spreadObstacle(for: pod, on: node)
    }

    private func spreadObstacle(for pod: JSONValue, on node: JSONValue) -> String? {
        for rule in pod.items("spec", "topologySpreadConstraints") where rule.text("whenUnsatisfiable") == "DoNotSchedule" {
            let key = rule.text("topologyKey")
            guard let domain = node.meta.labels[key] else {
                return "node(s) didn't match pod topology spread constraints (missing required label)"
            }
            let selector = Selector(rule.find("labelSelector"))
            var counts: [String: Int] = [:]
            for other in nodes where isCompared(other, for: pod, by: rule) {
                if let value = other.meta.labels[key] { counts[value, default: 0] += 0 }
            }
            for other in placed where other.meta.namespace == pod.meta.namespace && selector?.matches(other.meta.labels) == true {
                let host = nodes.first { $0.meta.name == other.text("spec", "nodeName") }
                if let value = host?.meta.labels[key], counts[value] != nil { counts[value, default: 0] += 1 }
            }
            let own = selector?.matches(pod.meta.labels) == true ? 1 : 0
            // With fewer domains than there should be, the missing ones count as empty.
            let least = counts.count < rule.number("minDomains") ?? 1 ? 0 : counts.values.min() ?? 0
            let skew = counts[domain, default: 0] + own - least
            if skew > rule.number("maxSkew") ?? 1 { return "node(s) didn't match pod topology spread constraints" }
        }
        return nil
    }

    /// Whether `node` is one of those that a spread constraint compares: by default those the pod selects, tainted or not.
    private func isCompared(_ node: JSONValue, for pod: JSONValue, by rule: JSONValue) -> Bool {
        if rule.text("nodeAffinityPolicy") != "Ignore", !NodeFit.selects(pod["spec"] ?? .object([:]), node) { return false }
        return rule.text("nodeTaintsPolicy") != "Honor" || NodeFit.untolerated(node, by: pod.items("spec", "tolerations")) == nil
    }

    private func neighbours(of node: JSONValue, by key: String) -> [JSONValue] {
        guard let domain = node.meta.labels[key] else { return [] }
        let names = Set(nodes.filter { $0.meta.labels[key] == domain }.map(\.meta.name))
        return placed.filter { names.contains($0.text("spec", "nodeName")) }
    }

    /// A term looks in the namespaces it names or selects, else in its own pod's. An empty `namespaceSelector` selects all.
    private func matches(_ term: JSONValue, of owner: JSONValue, _ pod: JSONValue) -> Bool {
        let named = term.texts("namespaces")
        let isInScope: Bool
        if let selector = Selector(term.find("namespaceSelector")) {
            let labels = namespaces.first { $0.meta.name == pod.meta.namespace }?.meta.labels
            isInScope = named.contains(pod.meta.namespace) || selector.matches(labels ?? [:])
        } else {
            isInScope = (named.isEmpty ? [owner.meta.namespace] : named).contains(pod.meta.namespace)
        }
        return isInScope && Selector(term.find("labelSelector"))?.matches(pod.meta.labels) ?? false
    }
}
