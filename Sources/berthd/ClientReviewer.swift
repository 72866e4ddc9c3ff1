import KubeClient
import NodeServer

/// Asks the API server who a token belongs to and what its owner may do.
struct ClientReviewer: AccessReviewer {
    let client: KubeClient
    let nodeName: String

    func authenticate(token: String) async throws -> RequestUser? {
        try await client.review(token: token).map {
            RequestUser(name: $0.username ?? "", uid: $0.uid ?? "", groups: $0.groups ?? [], extra: $0.extra ?? [:])
        }
    }

    func authorize(_ user: RequestUser, verb: String, subresource: String) async throws -> Bool {
        try await client.isAllowed(
            SubjectAccessReview.Spec(
                user: user.name, uid: user.uid, groups: user.groups, extra: user.extra,
                resourceAttributes: .init(resource: "nodes", subresource: subresource, name: nodeName, verb: verb)))
    }
}
