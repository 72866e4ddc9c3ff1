import FoundationEssentials
import Glibc
import HTTPServing
import Hummingbird
import LinuxSystem
import Logging
import NIOPosix
import Testing

@Suite("The Unix socket")
struct LocalPeerTests {
    /// Asks by curl, as the given user, who the server takes it for.
    private func answer(on socket: String, as user: uid_t) async throws -> String {
        let arguments = ["--reuid=\(user)", "--regid=\(user)", "--clear-groups", "curl", "-s", "--max-time", "20", "--unix-socket", socket, "http://localhost/"]
        let outcome = try await ChildProcess(executable: "/usr/bin/setpriv", arguments: arguments, environment: ["PATH": "/usr/bin:/bin"]).run()
        return String(decoding: outcome.standardOutput, as: UTF8.self)
    }

    @Test("root on the socket is root; somebody else who gets at it is nobody", .enabled(if: geteuid() == 0))
    func peers() async throws {
        var template = Array("/tmp/berth-socket-XXXXXX".utf8CString)
        let directory = String(cString: try #require(mkdtemp(&template)))
        defer { try? FileManager.default.removeItem(atPath: directory) }  // what remains is a temporary file
        chmod(directory, 0o755)
        let socket = "\(directory)/s"
        let (listening, started) = AsyncStream<Void>.makeStream()
        let server = KubeHTTPServer(
            address: .unixSocket(path: socket), tls: nil, responder: KubeHTTPServerTests.WhoAmI(),
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        ) { _ in started.yield() }
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await server.run() }
            for await _ in listening { break }
            chmod(socket, 0o777)
            let (root, other) = (try await answer(on: socket, as: 0), try await answer(on: socket, as: 65534))
            #expect(root == "localRoot")
            #expect(other == "anonymous")
            tasks.cancelAll()
        }
    }
}
