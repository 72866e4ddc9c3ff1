package import KubeClient

/// Reviews by the API server this node is joined to.
package struct KubeAccessReviewer: AccessReviewer {
    private let client: KubeClient
    private let nodeName: String

    package init(client: KubeClient, nodeName: String) {
        self.client = client
        self.nodeName = nodeName
    }

    package func authenticate(token: String) async throws -> RequestUser? {
        try await client.review(token: token).map { RequestUser(name: $0.username, uid: $0.uid ?? "", groups: $0.groups ?? []) }
    }

    package func authorize(_ user: RequestUser, verb: String, subresource: String) async throws -> Bool {
        try await client.isAllowed(
            SubjectAccessReview.Spec(
                user: TokenReview.User(username: user.name, groups: user.groups),
                resourceAttributes: SubjectAccessReview.ResourceAttributes(
                    resource: "nodes", subresource: subresource, name: nodeName, verb: verb)))
    }
}
