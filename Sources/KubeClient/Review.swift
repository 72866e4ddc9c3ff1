package import KubeAPI

/// A token for a ServiceAccount. Source: authentication.k8s.io/v1 TokenRequest.
package struct TokenRequest: Encodable, Sendable {
    package var apiVersion = "authentication.k8s.io/v1"
    package var kind = "TokenRequest"
    package var spec: Spec

    package struct Spec: Encodable, Sendable {
        package var audiences: [String]
        package var expirationSeconds: Int
        package var boundObjectRef: BoundObject?
    }

    package struct BoundObject: Encodable, Sendable {
        package var apiVersion = "v1"
        package var kind = "Pod"
        package var name: String
        package var uid: String
    }

    /// Describes itself without the token.
    package struct Status: Decodable, Sendable, CustomStringConvertible {
        package var token: String
        package var expirationTimestamp: Timestamp
        package var description: String { "TokenRequest.Status(expires \(expirationTimestamp), token: <redacted>)" }
    }
}

/// Who a bearer token belongs to. Source: authentication.k8s.io/v1 TokenReview.
package struct TokenReview: Encodable, Sendable {
    package var apiVersion = "authentication.k8s.io/v1"
    package var kind = "TokenReview"
    package var spec: Spec

    package struct Spec: Encodable, Sendable {
        package var token: String
        package var audiences: [String]?
    }

    package struct Status: Decodable, Sendable {
        package var authenticated: Bool?
        /// Has no name when nobody was authenticated.
        package var user: User?
    }

    package struct User: Decodable, Sendable {
        package var username: String?
        package var uid: String?
        package var groups: [String]?
        package var extra: [String: [String]]?
    }
}

/// Whether somebody may do something. Source: authorization.k8s.io/v1 SubjectAccessReview.
package struct SubjectAccessReview: Encodable, Sendable {
    package var apiVersion = "authorization.k8s.io/v1"
    package var kind = "SubjectAccessReview"
    package var spec: Spec

    package struct Spec: Encodable, Sendable {
        package var user: String
        package var uid: String
        package var groups: [String]
        package var extra: [String: [String]]
        package var resourceAttributes: ResourceAttributes
        package init(
            user: String, uid: String = "", groups: [String], extra: [String: [String]] = [:], resourceAttributes: ResourceAttributes
        ) {
            self.user = user
            self.uid = uid
            self.groups = groups
            self.extra = extra
            self.resourceAttributes = resourceAttributes
        }
    }

    package struct ResourceAttributes: Encodable, Sendable {
        package var group = ""
        package var version = "v1"
        package var resource: String
        package var subresource: String
        package var name: String
        package var verb: String
        package init(resource: String, subresource: String, name: String, verb: String) {
            self.resource = resource
            self.subresource = subresource
            self.name = name
            self.verb = verb
        }
    }

    package struct Status: Decodable, Sendable {
        package var allowed: Bool
    }
}

/// What is read of an answer. The request comes back in it as well, without the fields that Go takes for empty.
struct ReviewAnswer<Status: Decodable>: Decodable {
    var status: Status?
}

extension KubeClient {
    /// A token of `serviceAccount` for one pod, good for about `seconds`; empty `audience` means the API server itself.
    package func requestToken(
        serviceAccount: String, namespace: String, audience: String, seconds: Int, podName: String, podUID: String
    ) async throws(KubeClientError) -> TokenRequest.Status {
        let request = TokenRequest(
            spec: .init(
                audiences: audience.isEmpty ? [] : [audience], expirationSeconds: seconds,
                boundObjectRef: .init(name: podName, uid: podUID)))
        let path = ResourcePath(ServiceAccount.self, namespace: namespace, name: serviceAccount, subresource: "token")
        let answer: ReviewAnswer<TokenRequest.Status> = try await send(.post, path, encoding: request)
        guard let status = answer.status else { throw .undecodable(request: "POST \(path)", cause: "no status") }
        return status
    }

    /// - Returns: nil when the token is nobody's.
    package func review(token: String) async throws(KubeClientError) -> TokenReview.User? {
        let path = ResourcePath(raw: "/apis/authentication.k8s.io/v1/tokenreviews")
        let answer: ReviewAnswer<TokenReview.Status> = try await send(.post, path, encoding: TokenReview(spec: .init(token: token)))
        guard answer.status?.authenticated == true else { return nil }
        return answer.status?.user
    }

    package func isAllowed(_ spec: SubjectAccessReview.Spec) async throws(KubeClientError) -> Bool {
        let path = ResourcePath(raw: "/apis/authorization.k8s.io/v1/subjectaccessreviews")
        let answer: ReviewAnswer<SubjectAccessReview.Status> = try await send(.post, path, encoding: SubjectAccessReview(spec: spec))
        return answer.status?.allowed ?? false
    }
}
