/// Who answers for tokens and permissions: the API server, by TokenReview and SubjectAccessReview.
package protocol AccessReviewer: Sendable {
    /// Nil when the token is not valid. Throws when the API server cannot be asked.
    func authenticate(token: String) async throws -> RequestUser?
    func authorize(_ user: RequestUser, verb: String, subresource: String) async throws -> Bool
}

package struct RequestUser: Hashable, Sendable {
    package var name: String
    package var uid: String
    package var groups: [String]
    /// What authentication knows besides, such as the pod a token is bound to.
    package var extra: [String: [String]]
    package init(name: String, uid: String = "", groups: [String], extra: [String: [String]] = [:]) {
        self.name = name
        self.uid = uid
        self.groups = groups
        self.extra = extra
    }
}
