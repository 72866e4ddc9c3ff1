import KubeAPI

/// What a pod gets from its RuntimeClass: overhead, and where it may run. Source: k8s `plugin/pkg/admission/runtimeclass`.
struct RuntimeClassAdmission {
    let objects: any ObjectReader

    func complete(_ pod: inout JSONValue, _ request: AdmissionRequest) throws(APIError) {
        func rejected(_ detail: String) -> APIError { .forbidden(request.resource, request.name, "pod rejected: \(detail)") }
        let own = pod.fields("spec", "overhead")
        let name = pod.text("spec", "runtimeClassName")
        guard !name.isEmpty else {
            if !own.isEmpty { throw rejected("Overhead set without corresponding RuntimeClass defining Overhead") }
            return
        }
        guard let found = objects.one(ResourceCatalog.runtimeClasses, name: name) else { throw rejected("RuntimeClass \"\(name)\" not found") }
        let overhead = found.fields("overhead", "podFixed")
        if own.isEmpty {
            if !overhead.isEmpty { pod.set("spec", "overhead", to: .object(overhead)) }
        } else if own.mapValues(\.asQuantity) != overhead.mapValues(\.asQuantity) {
            throw rejected(
                overhead.isEmpty
                    ? "Overhead set without corresponding RuntimeClass defining Overhead"
                    : "Pod's Overhead doesn't match RuntimeClass's defined Overhead")
        }
        var selector = pod.textMap("spec", "nodeSelector")
        for (key, value) in found.textMap("scheduling", "nodeSelector") {
            if let other = selector.updateValue(value, forKey: key), other != value {
                throw rejected("conflict: runtimeClass.scheduling.nodeSelector[\(key)] = \(value); pod.spec.nodeSelector[\(key)] = \(other)")
            }
        }
        if !selector.isEmpty { pod.set("spec", "nodeSelector", to: selector.json) }
        let tolerations = pod.items("spec", "tolerations")
        let more = found.items("scheduling", "tolerations").filter { !tolerations.contains($0) }
        if !more.isEmpty { pod.set("spec", "tolerations", to: .array(tolerations + more)) }
    }
}
