package import KubeAPI

/// A token for a ServiceAccount. Source: authentication.k8s.io/v1 TokenRequest.
package struct TokenRequest: Codable, Sendable {
    package var apiVersion = "authentication.k8s.io/v1"
    package var kind = "TokenRequest"
    package var spec: Spec
    package var status: Status?

    package struct Spec: Codable, Sendable {
        package var audiences: [String]
        package var expirationSeconds: Int
        package var boundObjectRef: BoundObject?
    }

    package struct BoundObject: Codable, Sendable {
        package var apiVersion = "v1"
        package var kind = "Pod"
        package var name: String
        package var uid: String
    }

    /// Describes itself without the token.
    package struct Status: Codable, Sendable, CustomStringConvertible {
        package var token: String
        package var expirationTimestamp: Timestamp
        package var description: String { "TokenRequest.Status(expires \(expirationTimestamp), token: <redacted>)" }
    }
}

/// Who a bearer token belongs to. Source: authentication.k8s.io/v1 TokenReview.
package struct TokenReview: Codable, Sendable {
    package var apiVersion = "authentication.k8s.io/v1"
    package var kind = "TokenReview"
    package var spec: Spec?
    package var status: Status?

    package struct Spec: Codable, Sendable {
        package var token: String
        package var audiences: [String]?
    }

    package struct Status: Codable, Sendable {
        package var authenticated: Bool?
        package var user: User?
        package var error: String?
    }

    package struct User: Codable, Sendable, Hashable {
        package var username: String
        package var uid: String?
        package var groups: [String]?
        package var extra: [String: [String]]?
        package init(username: String, groups: [String]) {
            self.username = username
            self.groups = groups
        }
    }
}

/// Whether somebody may do something. Source: authorization.k8s.io/v1 SubjectAccessReview.
package struct SubjectAccessReview: Codable, Sendable {
    package var apiVersion = "authorization.k8s.io/v1"
    package var kind = "SubjectAccessReview"
    package var spec: Spec?
    package var status: Status?

    package struct Spec: Codable, Sendable, Hashable {
        package var user: String
        package var uid: String?
        package var groups: [String]?
        package var extra: [String: [String]]?
        package var resourceAttributes: ResourceAttributes
        package init(user: TokenReview.User, resourceAttributes: ResourceAttributes) {
            self.user = user.username
            uid = user.uid
            groups = user.groups
            extra = user.extra
            self.resourceAttributes = resourceAttributes
        }
    }

    package struct ResourceAttributes: Codable, Sendable, Hashable {
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

    package struct Status: Codable, Sendable {
        package var allowed: Bool
        package var denied: Bool?
        package var reason: String?
    }
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
        let answer: TokenRequest = try await send(.post, path, encoding: request)
        guard let status = answer.status else { throw .undecodable(request: "POST \(path)", cause: "no status") }
        return status
    }

    /// - Returns: nil when the token is nobody's.
    package func review(token: String) async throws(KubeClientError) -> TokenReview.User? {
        let path = ResourcePath(raw: "/apis/authentication.k8s.io/v1/tokenreviews")
        let answer: TokenReview = try await send(.post, path, encoding: TokenReview(spec: .init(token: token)))
        guard answer.status?.authenticated == true else { return nil }
        return answer.status?.user
    }

    package func isAllowed(_ spec: SubjectAccessReview.Spec) async throws(KubeClientError) -> Bool {
        let path = ResourcePath(raw: "/apis/authorization.k8s.io/v1/subjectaccessreviews")
        let answer: SubjectAccessReview = try await send(.post, path, encoding: SubjectAccessReview(spec: spec))
        return answer.status?.allowed ?? false
    }
}
