package import KubeAPI

extension PodSpec {
    /// Node selector and required node affinity. Source: Kubernetes, "Assigning Pods to Nodes".
    package func matches(labels: [String: String], nodeName: String) -> Bool {
        guard nodeSelector.allSatisfy({ labels[$0.key] == $0.value }) else { return false }
        guard let required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution else { return true }
        return required.matches(labels: labels, nodeName: nodeName)
    }
}

extension NodeSelector {
    /// Some term matches; a term without any requirement matches nothing.
    package func matches(labels: [String: String], nodeName: String) -> Bool {
        nodeSelectorTerms.contains { term in
            !(term.matchExpressions.isEmpty && term.matchFields.isEmpty)
                && term.matchExpressions.allSatisfy { $0.matches(labels) }
                && term.matchFields.allSatisfy { $0.matches(["metadata.name": nodeName]) }
        }
    }
}

extension LabelSelectorRequirement {
    /// The operators of node selectors, which are those of label selectors and Gt and Lt.
    package func matches(_ labels: [String: String]) -> Bool {
        let value = labels[key]
        switch `operator` {
        case "In": return value.map(values.contains) ?? false
        case "NotIn": return value.map { !values.contains($0) } ?? true
        case "Exists": return value != nil
        case "DoesNotExist": return value == nil
        case "Gt", "Lt":
            guard values.count == 1, let bound = values.first.flatMap({ Int($0) }), let number = value.flatMap({ Int($0) }) else { return false }
            return `operator` == "Gt" ? number > bound : number < bound
        default: return false
        }
    }
}

extension Toleration {
    /// Source: Kubernetes, "Taints and Tolerations"; an empty key with `Exists` tolerates everything.
    package func tolerates(_ taint: Taint) -> Bool {
        guard effect.isEmpty || effect == taint.effect, key.isEmpty || key == taint.key else { return false }
        return switch `operator` {
        case "Exists": true
        case "", "Equal": !key.isEmpty && value == taint.value
        default: false
        }
    }
}
