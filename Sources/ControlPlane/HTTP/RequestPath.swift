import KubeAPI

/// What a path under `/api` or `/apis` names.
struct RequestPath {
    let resource: Resource
    /// Empty for cluster-wide resources and for all namespaces.
    let namespace: String
    /// Empty for the collection.
    let name: String
    let subresource: String
    /// After the subresource, for `proxy`: with its leading slash.
    let remainder: String

    /// Nil when no resource is served there. `segments` are percent-decoded.
    init?(_ segments: [String]) {
        var rest = segments[...]
        let apiVersion: String
        switch rest.popFirst() {
        case "api":
            guard let version = rest.popFirst() else { return nil }
            apiVersion = version
        case "apis":
            guard let group = rest.popFirst(), let version = rest.popFirst() else { return nil }
            apiVersion = "\(group)/\(version)"
        default: return nil
        }
        guard var plural = rest.popFirst() else { return nil }
        var namespace = ""
        let namespaceSubresources = ResourceCatalog.namespaces.subresources
        if plural == "namespaces", rest.count >= 2, apiVersion != "v1" || rest.count > 2 || !namespaceSubresources.contains(rest[rest.startIndex + 1]) {
            namespace = rest.removeFirst()
            plural = rest.removeFirst()
        }
        guard let resource = ResourceCatalog.resource(apiVersion, plural: plural), resource.isNamespaced || namespace.isEmpty else { return nil }
        self.resource = resource
        self.namespace = namespace
        name = rest.popFirst() ?? ""
        subresource = rest.popFirst() ?? ""
        remainder = rest.isEmpty ? "" : "/" + rest.joined(separator: "/")
        guard subresource.isEmpty || resource.subresources.contains(subresource), rest.isEmpty || subresource == "proxy" else { return nil }
    }
}
