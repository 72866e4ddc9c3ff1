package import HTTPTypes

/// What a request to the node API asks leave for: a verb on `nodes/<subresource>` of this node.
/// Source: Kubernetes documentation, "Kubelet authentication/authorization"; KEP-2862 for the fine-grained names.
package struct NodeAttributes: Hashable, Sendable {
    package let verb: String
    /// Any one of these suffices, tried in order.
    package let subresources: [String]

    package init(method: HTTPRequest.Method, path: String) {
        verb =
            switch method {
            case .post: "create"
            case .put: "update"
            case .patch: "patch"
            case .delete: "delete"
            default: "get"
            }
        let first = path.split(separator: "/").first.map(String.init) ?? ""
        subresources =
            switch first {
            case "stats": ["stats"]
            case "metrics": ["metrics"]
            case "logs": ["log"]
            case "checkpoint": ["checkpoint"]
            case "statusz": ["statusz"]
            case "configz", "flagz": ["configz", "proxy"]
            case "pods", "runningpods": ["pods", "proxy"]
            case "healthz": ["healthz", "proxy"]
            default: ["proxy"]
            }
    }
}
