/// What a subresource takes and answers with.
struct Subresource {
    let group: String
    let version: String
    let kind: String
    let verbs: [String]
    var apiVersion: String { group.isEmpty ? version : "\(group)/\(version)" }

    static func type(of name: String, in resource: Resource) -> Subresource {
        func own(_ kind: String, _ verbs: [String]) -> Subresource {
            Subresource(group: resource.group, version: resource.version, kind: kind, verbs: verbs)
        }
        return switch name {
        case "scale": Subresource(group: "autoscaling", version: "v1", kind: "Scale", verbs: ["get", "patch", "update"])
        case "eviction": Subresource(group: "policy", version: "v1", kind: "Eviction", verbs: ["create"])
        case "token": Subresource(group: "authentication.k8s.io", version: "v1", kind: "TokenRequest", verbs: ["create"])
        case "binding": own("Binding", ["create"])
        case "exec": own("PodExecOptions", ["create", "get"])
        case "attach": own("PodAttachOptions", ["create", "get"])
        case "portforward": own("PodPortForwardOptions", ["create", "get"])
        case "log": own(resource.kind, ["get"])
        case "finalize": own(resource.kind, ["update"])
        case "proxy": own("\(resource.kind)ProxyOptions", ["create", "delete", "get", "patch", "update"])
        default: own(resource.kind, ["get", "patch", "update"])
        }
    }
}
