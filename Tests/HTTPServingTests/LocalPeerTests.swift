import FoundationEssentials
import Glibc
import HTTPServing
import Hummingbird
import Logging
import NIOPosix
import Testing

@Suite("The Unix socket")
struct LocalPeerTests {
    /// Asks by curl, as the given user, who the server takes it for.
    private func answer(on socket: String, as user: uid_t) throws -> String {
        let command = "setpriv --reuid=\(user) --regid=\(user) --clear-groups curl -s --max-time 5 --unix-socket \(socket) http://localhost/"
        let output = try #require(popen(command, "r"))
        defer { pclose(output) }
        var buffer = [CChar](repeating: 0, count: 256)
        guard fgets(&buffer, CInt(buffer.count), output) != nil else { return "" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
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
            let (root, other) = (try answer(on: socket, as: 0), try answer(on: socket, as: 65534))
            #expect(root == "localRoot")
            #expect(other == "anonymous")
            tasks.cancelAll()
        }
    }
}
