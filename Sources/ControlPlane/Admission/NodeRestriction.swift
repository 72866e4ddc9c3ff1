import KubeAPI

/// A node writes about itself and the pods bound to it, and about nobody else.
/// Source: k8s `plugin/pkg/admission/noderestriction`, the part that matters with one node.
enum NodeRestriction {
    static func check(_ object: JSONValue, _ request: AdmissionRequest) throws(APIError) {
        let prefix = "system:node:"
        guard request.user.groups.contains("system:nodes"), request.user.name.hasPrefix(prefix) else { return }
        let node = String(request.user.name.dropFirst(prefix.count))
        switch request.resource.plural {
        case "nodes" where request.resource.group.isEmpty:
            guard request.name == node else {
                throw .forbidden(request.resource, request.name, "node \"\(node)\" is not allowed to modify node \"\(request.name)\"")
            }
        case "pods":
            let pod = request.old ?? object
            guard pod.text("spec", "nodeName") == node else {
                let bound = pod.text("spec", "nodeName")
                throw .forbidden(
                    request.resource, request.name, "node \"\(node)\" can only write pods with spec.nodeName set to itself, not \"\(bound)\"")
            }
            if request.operation == .create, pod.meta.annotations["kubernetes.io/config.mirror"] == nil {
                throw .forbidden(request.resource, request.name, "pod does not have \"kubernetes.io/config.mirror\" annotation, node \"\(node)\" can only create mirror pods")
            }
        default: return
        }
    }
}
