package import KubeAPI

/// Amounts of named resources as integers: thousandths for `cpu`, whole units (bytes, pods) for everything else.
package typealias ResourceAmounts = [String: Int]

extension ResourceAmounts {
    package init(_ quantities: [String: Quantity]) {
        self = [:]
        for (name, quantity) in quantities { self[name] = name == "cpu" ? quantity.milliValue : quantity.value }
    }

    func adding(_ other: ResourceAmounts) -> ResourceAmounts { merging(other, uniquingKeysWith: +) }
    func maximum(_ other: ResourceAmounts) -> ResourceAmounts { merging(other, uniquingKeysWith: Swift.max) }
}

extension ResourceRequirements {
    /// A resource with a limit and no request requests its limit.
    package var effectiveRequests: [String: Quantity] { limits.merging(requests) { _, request in request } }
}

extension PodSpec {
    /// What the scheduler and the node count for the pod: its containers together, or its hungriest moment of
    /// initialization, whichever is more; pod-level amounts in their place; overhead on top.
    /// Source: Kubernetes, "Resource sharing within containers" of Sidecar Containers.
    package var requests: ResourceAmounts { total(\.effectiveRequests).adding(ResourceAmounts(overhead)) }

    /// Overhead raises a limit, and makes none.
    package var limits: ResourceAmounts {
        let limits = total(\.limits)
        return limits.adding(ResourceAmounts(overhead).filter { limits[$0.key] != nil })
    }

    private func total(_ part: (ResourceRequirements) -> [String: Quantity]) -> ResourceAmounts {
        var together = containers.reduce(ResourceAmounts()) { $0.adding(ResourceAmounts(part($1.resources))) }
        var sidecars = ResourceAmounts()
        var peak = ResourceAmounts()
        for container in initContainers {
            let own = ResourceAmounts(part(container.resources))
            if container.isSidecar {
                sidecars = sidecars.adding(own)
                peak = peak.maximum(sidecars)
            } else {
                peak = peak.maximum(own.adding(sidecars))
            }
        }
        together = together.adding(sidecars).maximum(peak)
        if let resources { together.merge(ResourceAmounts(part(resources))) { _, pod in pod } }
        return together
    }
}
