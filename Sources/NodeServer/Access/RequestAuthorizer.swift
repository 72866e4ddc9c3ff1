import Crypto
import FoundationEssentials
package import HTTPServing
package import HTTPTypes

/// Authentication and authorization of every request to the node API: a client certificate or a bearer token, then a
/// decision of the API server. Lifetimes are the kubelet's: tokens 2 min, allowed 5 min, denied 30 s. While the API server is
/// away, its last answers hold up to the age of 10 minutes.
package actor RequestAuthorizer {
    private struct Question: Hashable {
        let user: RequestUser
        let verb: String
        let subresource: String
    }

    private let reviewer: any AccessReviewer
    private let now: @Sendable () -> ContinuousClock.Instant
    /// Keyed by the token's digest: the token itself is not kept.
    private var tokens = DecisionCache<Data, RequestUser?>()
    private var decisions = DecisionCache<Question, Bool>()

    package init(reviewer: any AccessReviewer, now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) {
        self.reviewer = reviewer
        self.now = now
    }

    package func check(
        method: HTTPRequest.Method, path: String, authorization: String?, client: ClientIdentity
    ) async throws(NodeServerError) {
        if client == .localRoot { return }
        let user = try await identify(client: client, authorization: authorization)
        // The API server's own rule: this group is above authorization, also when nobody can be asked.
        if user.groups.contains("system:masters") { return }
        let attributes = NodeAttributes(method: method, path: path)
        for subresource in attributes.subresources {
            if try await isAllowed(Question(user: user, verb: attributes.verb, subresource: subresource)) { return }
        }
        throw .forbidden(user: user.name, verb: attributes.verb, resource: "nodes/\(attributes.subresources[0])")
    }

    private func identify(client: ClientIdentity, authorization: String?) async throws(NodeServerError) -> RequestUser {
        if case .certificate(let name, let groups) = client {
            return RequestUser(name: name, groups: groups + ["system:authenticated"])
        }
        guard let authorization, authorization.lowercased().hasPrefix("bearer ") else {
            throw .unauthenticated("the request carries neither a client certificate nor a bearer token")
        }
        let token = String(authorization.dropFirst("bearer ".count))
        let key = Data(SHA256.hash(data: Data(token.utf8)))
        if let known = tokens.fresh(key, at: now()) { return try Self.accepted(known) }
        do {
            let user = try await reviewer.authenticate(token: token)
            tokens.store(user, for: key, lifetime: .seconds(120), at: now())
            return try Self.accepted(user)
        } catch let error as NodeServerError {
            throw error
        } catch {
            if let known = tokens.lastKnown(key, at: now()) { return try Self.accepted(known) }
            throw .unauthenticated("the API server cannot be asked about this token: \(error)")
        }
    }

    private static func accepted(_ user: RequestUser?) throws(NodeServerError) -> RequestUser {
        guard let user else { throw .unauthenticated("the bearer token is not valid") }
        return user
    }

    private func isAllowed(_ question: Question) async throws(NodeServerError) -> Bool {
        if let known = decisions.fresh(question, at: now()) { return known }
        do {
            let allowed = try await reviewer.authorize(question.user, verb: question.verb, subresource: question.subresource)
            decisions.store(allowed, for: question, lifetime: .seconds(allowed ? 300 : 30), at: now())
            return allowed
        } catch {
            if let known = decisions.lastKnown(question, at: now()) { return known }
            throw .failed("the API server cannot be asked whether this is allowed: \(error)", remedy: "use berthctl on the node, as root")
        }
    }
}
