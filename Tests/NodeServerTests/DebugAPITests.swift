import FoundationEssentials
import HTTPServing
import HTTPTypes
import Hummingbird
import KubeAPI
import Logging
import NIOCore
import NIOPosix
import Testing

@testable import NodeServer

@Suite("The debug API")
struct DebugAPITests {
    /// A node without pods, whose debug API says what was asked.
    struct Backend: NodeBackend {
        func pods() async -> [Pod] { [] }
        func exec(_ target: ContainerTarget, _ request: ExecRequest) async throws(NodeServerError) -> ProcessStreams { throw .notFound("exec") }
        func attach(_ target: ContainerTarget, _ request: AttachRequest) async throws(NodeServerError) -> ProcessStreams { throw .notFound("attach") }
        func connect(_ pod: PodTarget, port: UInt16) async throws(NodeServerError) -> CInt { throw .notFound("connect") }
        func logFile(_ target: ContainerTarget, previous: Bool) async throws(NodeServerError) -> LogFile { throw .notFound("log") }
        func usage() async -> NodeUsage {
            let none = ResourceUsage(startTime: .init(), cpuNanoseconds: 0, workingSetBytes: 0)
            return NodeUsage(time: .init(), nodeName: "n", node: none, pods: [])
        }
        func debug(method: String, path: [String], query: [String: String], body: [UInt8]) async throws(NodeServerError) -> DebugAnswer? {
            DebugAnswer(json: Array(#""\#(path.joined(separator: "/"))""#.utf8))
        }
    }

    struct Everybody: AccessReviewer {
        func authenticate(token: String) async throws -> RequestUser? { RequestUser(name: "u", groups: []) }
        func authorize(_ user: RequestUser, verb: String, subresource: String) async throws -> Bool { true }
    }

    @Test("is for root on the socket, and for nobody who comes over the network, whatever they may otherwise", arguments: [
        (ClientIdentity.localRoot, "local", 200),
        // What the embedded API server passes on.
        (.localRoot, "192.0.2.7", 404),
        (.certificate(user: "admin", groups: ["system:masters"]), "127.0.0.1", 404),
        (.certificate(user: "u", groups: []), "192.0.2.7", 404),
        // Somebody else on the socket.
        (.certificate(user: "admin", groups: ["system:masters"]), "local", 404),
        (.anonymous, "local", 401), (.anonymous, "192.0.2.7", 401),
    ])
    func access(client: ClientIdentity, address: String, status: Int) async throws {
        let routes = NodeRoutes(backend: Backend(), authorizer: RequestAuthorizer(reviewer: Everybody()), threads: .singleton)
        let head = HTTPRequest(method: .get, scheme: "https", authority: "n", path: "/berth/v1/plan/ns/pod")
        let context = KubeRequestContext(client: client, remoteAddress: address, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let response = try await routes.respond(to: Request(head: head, body: RequestBody(buffer: ByteBuffer())), context: context)
        #expect(response.status.code == status)
    }
}
