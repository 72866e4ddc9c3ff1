import KubeAPI

/// The one policy of a node's own control plane: administrators and the node may do everything, others may ask who they are.
enum Authorizer {
    static let administrators: Set = ["system:masters", "system:nodes", "kubeadm:cluster-admins"]

    static func allows(_ user: UserInfo) -> Bool { !administrators.isDisjoint(with: user.groups) }

    static func check(
        _ user: UserInfo, verb: String, _ resource: Resource, subresource: String, namespace: String, name: String
    ) throws(APIError) {
        if allows(user) { return }
        if resource == ResourceCatalog.selfSubjectReviews || resource == ResourceCatalog.selfSubjectAccessReviews { return }
        let what = subresource.isEmpty ? resource.plural : "\(resource.plural)/\(subresource)"
        let place = namespace.isEmpty ? "at the cluster scope" : "in the namespace \"\(namespace)\""
        throw .forbidden(resource, name, "User \"\(user.name)\" cannot \(verb) resource \"\(what)\" in API group \"\(resource.group)\" \(place)")
    }
}
