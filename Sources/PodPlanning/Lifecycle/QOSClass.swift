package import KubeAPI

/// Source: Kubernetes, "Pod Quality of Service Classes".
package enum QOSClass: String, Codable, Hashable, Sendable {
    case guaranteed = "Guaranteed"
    case burstable = "Burstable"
    case bestEffort = "BestEffort"

    /// Pod-level resources count where the pod has them, as they replace its containers'.
    package init(of spec: PodSpec) {
        let counted = ["cpu", "memory"]
        let parts: [ResourceRequirements]
        if let pod = spec.resources, counted.contains(where: { pod.requests[$0] != nil || pod.limits[$0] != nil }) {
            parts = [pod]
        } else {
            parts = (spec.containers + spec.initContainers).map(\.resources)
        }
        let amounts = parts.map { part in
            counted.map { name in
                let limit = part.limits[name]?.nonZero
                return (request: part.requests[name]?.nonZero ?? limit, limit: limit)
            }
        }
        if amounts.allSatisfy({ $0.allSatisfy { $0.request == nil && $0.limit == nil } }) {
            self = .bestEffort
        } else if amounts.allSatisfy({ $0.allSatisfy { $0.limit != nil && $0.request == $0.limit } }) {
            self = .guaranteed
        } else {
            self = .burstable
        }
    }

    /// The part of the cgroup path between `kubepods` and the pod; guaranteed pods stand at the top.
    package var cgroupParent: String {
        switch self {
        case .guaranteed: "kubepods"
        case .burstable: "kubepods/burstable"
        case .bestEffort: "kubepods/besteffort"
        }
    }
}

extension Quantity {
    /// Zero means the same as nothing in a request or limit.
    var nonZero: Quantity? { value > 0 || milliValue > 0 ? self : nil }
}
