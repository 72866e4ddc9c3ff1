import FoundationEssentials
import HTTPTypes
import Hummingbird
import LinuxSystem
import Logging
import NIOCore
import OCISpec
import Synchronization
import Testing

@testable import Images

/// What a real registry does only on a bad day, or behind a token server.
@Suite("Pulling on a bad day", canUnpack)
struct UnreliableRegistryTests {
    let temporary: TemporaryDirectory

    init() throws { temporary = try TemporaryDirectory() }

    /// Serves one image, and counts.
    final class Server: Sendable {
        struct Habits: Sendable {
            var asksToken = false
            /// Ends the connection after so many bytes of a blob, as long as there is progress.
            var breaksOffAfter: Int?
            var honoursRanges = true
            /// Answers 503 so many times before anything else.
            var refusals = 0
        }

        struct Seen: Sendable {
            var ranges: [String] = []
            var tokenRequests: [String] = []
            var refusals = 0
        }

        let image: TestImage
        let habits: Habits
        let seen = Mutex(Seen())

        init(_ image: TestImage, _ habits: Habits) {
            self.image = image
            self.habits = habits
        }

        /// Calls `body` with the address, while the server runs.
        func serve<Value: Sendable>(_ body: @Sendable @escaping (String) async throws -> Value) async throws -> Value {
            let (ports, port) = AsyncStream.makeStream(of: Int.self)
            let responder = CallbackResponder { [self] (request: Request, context: BasicRequestContext) in try answer(request) }
            let application = Application(
                responder: responder, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
                onServerRunning: { channel in port.yield(channel.localAddress?.port ?? 0) },
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            return try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await application.run() }
                var address = ""
                for await number in ports {
                    address = "127.0.0.1:\(number)"
                    break
                }
                let result: Result<Value, any Error>
                do { result = .success(try await body(address)) } catch { result = .failure(error) }
                group.cancelAll()
                return try result.get()
            }
        }

        private func answer(_ request: Request) throws -> Response {
            let host = request.head.authority ?? ""
            if request.uri.path == "/token" {
                seen.withLock { $0.tokenRequests.append("\(request.uri.query ?? "") \(request.headers[.authorization] ?? "-")") }
                return Response(status: .ok, body: .init(byteBuffer: ByteBuffer(string: #"{"access_token":"letmein"}"#)))
            }
            let isRefused = seen.withLock { seen in
                seen.refusals += 1
                return seen.refusals <= habits.refusals
            }
            if isRefused { return Response(status: .serviceUnavailable) }
            if habits.asksToken, request.headers[.authorization] != "Bearer letmein" {
                return Response(
                    status: .unauthorized, headers: [.wwwAuthenticate: #"Bearer realm="http://\#(host)/token",service="test",scope="repository:web:pull""#])
            }
            let name = request.uri.path.split(separator: "/").last.map(String.init) ?? ""
            let digest = name == "1" ? image.manifestDigest : try Digest(parsing: name)
            guard let bytes = try? DurableFile.read(image.blob(digest)) else { return Response(status: .notFound) }
            var headers = HTTPFields()
            if request.uri.path.contains("/manifests/") { headers[.contentType] = MediaType.imageManifest.rawValue }
            var start = 0
            if let range = request.headers[.range] {
                seen.withLock { $0.ranges.append(range) }
                if habits.honoursRanges { start = Int(range.dropFirst("bytes=".count).dropLast()) ?? 0 }
            }
            if start > 0 { headers[.contentRange] = "bytes \(start)-\(bytes.count - 1)/\(bytes.count)" }
            let rest = Array(bytes[start...])
            let limit = habits.breaksOffAfter.map { habits.honoursRanges || request.headers[.range] == nil ? $0 : rest.count } ?? rest.count
            let body = ResponseBody(contentLength: rest.count) { writer in
                try await writer.write(ByteBuffer(bytes: rest.prefix(limit)))
                if limit < rest.count { throw BrokenOff() }
                try await writer.finish(nil)
            }
            return Response(status: start > 0 ? .partialContent : .ok, headers: headers, body: body)
        }

        struct BrokenOff: Error {}
    }

    func pull(_ habits: Server.Habits, credentials: RegistryCredentials? = nil) async throws -> Server.Seen {
        let image = try TestImage(layout: temporary("layout"), layers: [TestImage.large])
        let server = Server(image, habits)
        let store = try ImageStore(root: temporary("store"), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let pulled = try await server.serve { address in try await store.pull(ImageReference(parsing: "\(address)/web:1"), credentials: credentials) }
        #expect(pulled.id == image.id)
        #expect(try StoreLayout.names(in: temporary("store/temp")).isEmpty)
        return server.seen.withLock { $0 }
    }

    @Test("a blob goes on where the connection broke")
    func resumed() async throws {
        let seen = try await pull(.init(breaksOffAfter: 1 << 20))
        #expect(seen.ranges.count >= 3)
        #expect(seen.ranges.allSatisfy { $0 != "bytes=0-" })
    }

    @Test("a registry without ranges is asked for all of it again")
    func restarted() async throws { #expect(try await pull(.init(breaksOffAfter: 1 << 20, honoursRanges: false)).ranges.count == 1) }

    @Test("a registry that is briefly unavailable is asked again")
    func unavailable() async throws { #expect(try await pull(.init(refusals: 2)).refusals > 2) }

    @Test("a token is fetched from where the challenge says, with the password, and used")
    func token() async throws {
        let seen = try await pull(.init(asksToken: true), credentials: RegistryCredentials(username: "u", password: "secret"))
        #expect(seen.tokenRequests == ["service=test&scope=repository%3Aweb%3Apull&client_id=berth Basic dTpzZWNyZXQ="])
    }

    @Test("an anonymous token is fetched without one")
    func anonymousToken() async throws {
        #expect(try await pull(.init(asksToken: true)).tokenRequests == ["service=test&scope=repository%3Aweb%3Apull&client_id=berth -"])
    }
}
