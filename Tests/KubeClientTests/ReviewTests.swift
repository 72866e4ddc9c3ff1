import Foundation
import Testing

@testable import KubeClient

/// Answers as an API server of Kubernetes 1.36 gives them, with every empty field left out.
@Suite("Reviews")
struct ReviewTests {
    private func status<Status: Decodable>(_ type: Status.Type, in answer: String) throws -> Status? {
        try JSONDecoder().decode(ReviewAnswer<Status>.self, from: Data(answer.utf8)).status
    }

    @Test("the core group, which is empty, does not come back in a SubjectAccessReview")
    func access() throws {
        let answer = """
            {"kind":"SubjectAccessReview","apiVersion":"authorization.k8s.io/v1","metadata":{},
             "spec":{"resourceAttributes":{"verb":"get","version":"v1","resource":"nodes","name":"a"},"user":"ann"},
             "status":{"allowed":true,"reason":"RBAC"}}
            """
        #expect(try status(SubjectAccessReview.Status.self, in: answer)?.allowed == true)
    }

    @Test("a token that is nobody's has a user without a name")
    func nobody() throws {
        let answer = #"{"spec":{"token":"junk"},"status":{"user":{},"error":"invalid bearer token"}}"#
        let status = try #require(try status(TokenReview.Status.self, in: answer))
        #expect(status.authenticated == nil)
        #expect(status.user?.username == nil)
    }

    @Test("the user of a pod's token says which pod")
    func user() throws {
        let answer = """
            {"status":{"authenticated":true,"user":{"username":"system:serviceaccount:default:web","uid":"1",
             "groups":["system:serviceaccounts"],"extra":{"authentication.kubernetes.io/pod-name":["web-0"]}}}}
            """
        let user = try #require(try status(TokenReview.Status.self, in: answer)?.user)
        #expect(user.extra == ["authentication.kubernetes.io/pod-name": ["web-0"]])
    }
}
