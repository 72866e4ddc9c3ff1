import HTTPServing
import HTTPTypes
import NodeServer
import Synchronization
import Testing

@Suite("Access to the node API")
struct AccessTests {
    /// An API server that knows one token, and lets one user do one thing; `isAway` makes it unreachable.
    actor Reviewer: AccessReviewer {
        struct Away: Error {}
        private var isAway = false
        private(set) var questions = 0

        func leave() { isAway = true }
        func authenticate(token: String) async throws -> RequestUser? {
            guard !isAway else { throw Away() }
            questions += 1
            return token == "good" ? RequestUser(name: "alice", groups: ["devs"]) : nil
        }
        func authorize(_ user: RequestUser, verb: String, subresource: String) async throws -> Bool {
            guard !isAway else { throw Away() }
            questions += 1
            return user.name == "alice" && verb == "get" && subresource == "proxy"
        }
    }

    @Test("paths and methods become verbs on node subresources", arguments: [
        (HTTPRequest.Method.get, "/metrics/resource", "get", ["metrics"]), (.post, "/stats/summary", "create", ["stats"]),
        (.get, "/pods", "get", ["pods", "proxy"]), (.get, "/runningpods/", "get", ["pods", "proxy"]), (.post, "/exec/a/b/c", "create", ["proxy"]),
        (.get, "/containerLogs/a/b/c", "get", ["proxy"]), (.get, "/logs/syslog", "get", ["log"]), (.delete, "/x", "delete", ["proxy"]),
    ])
    func attributes(method: HTTPRequest.Method, path: String, verb: String, subresources: [String]) {
        let attributes = NodeAttributes(method: method, path: path)
        #expect(attributes.verb == verb)
        #expect(attributes.subresources == subresources)
    }

    @Test("nobody gets in without a certificate or a token")
    func anonymous() async {
        let authorizer = RequestAuthorizer(reviewer: Reviewer())
        await #expect(throws: NodeServerError.self) {
            try await authorizer.check(method: .get, path: "/pods", authorization: nil, client: .anonymous)
        }
        await #expect(throws: NodeServerError.self) {
            try await authorizer.check(method: .get, path: "/pods", authorization: "Bearer bad", client: .anonymous)
        }
    }

    @Test("the API server decides, once while its answer is fresh, and by its last answer while it is away")
    func cache() async throws {
        let reviewer = Reviewer()
        let authorizer = RequestAuthorizer(reviewer: reviewer)
        for _ in 0..<3 {
            try await authorizer.check(method: .get, path: "/containerLogs/a/b/c", authorization: "Bearer good", client: .anonymous)
        }
        #expect(await reviewer.questions == 2)
        await reviewer.leave()
        try await authorizer.check(method: .get, path: "/containerLogs/a/b/c", authorization: "Bearer good", client: .anonymous)
        await #expect(throws: NodeServerError.self) {
            try await authorizer.check(method: .post, path: "/exec/a/b/c", authorization: "Bearer good", client: .anonymous)
        }
    }

    @Test("answers hold for ten minutes while the API server is away, and no longer")
    func away() async throws {
        let reviewer = Reviewer()
        let began = ContinuousClock.now
        let passed = Mutex(Duration.zero)
        let authorizer = RequestAuthorizer(reviewer: reviewer) { began + passed.withLock { $0 } }
        func ask() async throws { try await authorizer.check(method: .get, path: "/containerLogs/a/b/c", authorization: "Bearer good", client: .anonymous) }
        try await ask()
        await reviewer.leave()
        passed.withLock { $0 = .seconds(599) }
        try await ask()
        passed.withLock { $0 = .seconds(601) }
        await #expect(throws: NodeServerError.self) { try await ask() }
        // A permission that is too old ends it as well: a certificate is known without anybody being asked.
        let other = Reviewer()
        passed.withLock { $0 = .zero }
        let certified = RequestAuthorizer(reviewer: other) { began + passed.withLock { $0 } }
        func look() async throws {
            try await certified.check(method: .get, path: "/containerLogs/a/b/c", authorization: nil, client: .certificate(user: "alice", groups: []))
        }
        try await look()
        await other.leave()
        passed.withLock { $0 = .seconds(601) }
        await #expect(throws: NodeServerError.self) { try await look() }
    }

    @Test("a denial names the user, the verb and the resource")
    func denial() async throws {
        let authorizer = RequestAuthorizer(reviewer: Reviewer())
        let error = await #expect(throws: NodeServerError.self) {
            try await authorizer.check(method: .post, path: "/exec/a/b/c", authorization: "Bearer good", client: .anonymous)
        }
        #expect(error?.description == "user \"alice\" cannot create nodes/proxy on this node")
        #expect(error?.remedy != nil)
    }

    @Test("system:masters and the local root need no review")
    func masters() async throws {
        let reviewer = Reviewer()
        let authorizer = RequestAuthorizer(reviewer: reviewer)
        try await authorizer.check(method: .post, path: "/exec/a/b/c", authorization: nil, client: .certificate(user: "api", groups: ["system:masters"]))
        try await authorizer.check(method: .post, path: "/exec/a/b/c", authorization: nil, client: .localRoot)
        #expect(await reviewer.questions == 0)
    }
}
