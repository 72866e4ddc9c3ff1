import FoundationEssentials
@testable import HTTPServing
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOEmbedded
import NIOPosix
import NIOSSL
import Synchronization
import Testing

@Suite("Connections that keep a server waiting")
struct ConnectionLimitTests {
    /// Answers at once, or at `/slowly` in two halves a second apart.
    struct Ticker: HTTPResponder {
        func respond(to request: Request, context: KubeRequestContext) async throws -> Response {
            guard request.uri.path == "/slowly" else { return .text("\(context.client)") }
            return Response(
                status: .ok,
                body: ResponseBody { writer in
                    try await writer.write(ByteBuffer(string: "first,"))
                    try await Task.sleep(for: .seconds(1))  // longer than every limit of these tests
                    try await writer.write(ByteBuffer(string: "second"))
                    try await writer.finish(nil)
                })
        }
    }

    static let brief = limits(of: .milliseconds(300))
    /// Long enough for an honest client on a busy machine.
    static let patient = limits(of: .seconds(1))

    private static func limits(of time: Duration) -> ConnectionLimits {
        var limits = ConnectionLimits()
        (limits.handshake, limits.header, limits.body, limits.idle) = (time, time, time, time)
        return limits
    }

    static func withServer(
        _ limits: ConnectionLimits, upgrade: UpgradeHandler? = nil, log: @escaping @Sendable (String) -> Void = { _ in },
        _ body: @escaping @Sendable (_ port: Int, KubeHTTPServerTests.Credentials) async throws -> Void
    ) async throws {
        let credentials = try KubeHTTPServerTests.Credentials()
        defer { credentials.remove() }
        let (ports, port) = AsyncStream<Int>.makeStream()
        let server = KubeHTTPServer(
            address: .tcp(host: "127.0.0.1", port: 0), tls: try ServerTLS(files: credentials.files), responder: Ticker(), upgrade: upgrade,
            limits: limits, eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
            logger: Logger(label: "test") { _ in LogLines(said: log) }
        ) { port.yield($0?.port ?? 0) }
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await server.run() }
            for await port in ports {
                try await body(port, credentials)
                break
            }
            tasks.cancelAll()
        }
    }

    @Test("forty clients that say nothing, dribble or hang on are closed in time, and the server serves others meanwhile", .timeLimit(.minutes(1)))
    func slow() async throws {
        try await Self.withServer(Self.patient) { port, credentials in
            try await withThrowingTaskGroup(of: (String, Duration).self) { group in
                for _ in 0..<10 {
                    for manner in RawClient.Manner.allCases {
                        group.addTask {
                            let client = try await RawClient(port: port, manner: manner, tls: credentials.clientTLS(withCertificate: false))
                            return ("\(manner)", try await client.life())
                        }
                    }
                }
                let answer = try await KubeHTTPServerTests.get("https://127.0.0.1:\(port)/", credentials.clientTLS(withCertificate: true))
                #expect(answer.status == 200)
                for try await (manner, life) in group {
                    #expect(life > .milliseconds(900) && life < .seconds(20), "\(manner) was closed after \(life)")
                }
            }
        }
    }

    @Test("an answer under way and an upgraded connection have no limit")
    func long() async throws {
        let echo: UpgradeHandler = { _, _ in
            .bytes(headers: [:]) { channel in
                // A client that hangs up ends the echo.
                try? await channel.executeThenClose { inbound, outbound in
                    for try await bytes in inbound { try await outbound.write(bytes) }
                }
            }
        }
        try await Self.withServer(Self.brief, upgrade: echo) { port, credentials in
            let answer = try await KubeHTTPServerTests.get("https://127.0.0.1:\(port)/slowly", credentials.clientTLS(withCertificate: true))
            #expect(answer.body == "first,second")
            let client = UpgradeClient(
                tls: try NIOSSLContext(configuration: credentials.clientTLS(withCertificate: true)),
                eventLoopGroup: MultiThreadedEventLoopGroup.singleton)
            let connection = try await client.open(
                host: "127.0.0.1", port: port, upgrade: "SPDY/3.1",
                request: HTTPRequest(method: .post, scheme: nil, authority: nil, path: "/echo"))
            try await Task.sleep(for: .seconds(1))  // longer than every limit
            #expect(try await KubeHTTPServerTests.exchange(connection, sending: "still here", expecting: "still here") == "still here")
        }
    }

    @Test("more connections than the server takes are closed at once, with one line about it; one that ends makes room", .timeLimit(.minutes(1)))
    func crowd() async throws {
        var limits = ConnectionLimits()
        limits.connections = 20
        let lines = Mutex<[String]>([])
        try await Self.withServer(limits, log: { line in lines.withLock { $0.append(line) } }) { port, credentials in
            let tls = try credentials.clientTLS(withCertificate: false)
            var clients: [RawClient] = []
            for _ in 0..<20 { clients.append(try await RawClient(port: port, manner: .silent, tls: tls)) }
            for _ in 0..<10 {
                let refused = try await RawClient(port: port, manner: .silent, tls: tls)
                #expect(try await refused.life() < .seconds(8))
            }
            #expect(lines.withLock { $0.filter { $0.hasPrefix("connections are refused") }.count } == 1)
            try await clients.removeLast().leave()
            // The server learns of it a moment later; the client asks again until then.
            let answer = try await KubeHTTPServerTests.get("https://127.0.0.1:\(port)/", tls)
            #expect(answer.status == 200)
            for client in clients { try await client.leave() }
        }
    }

    @Test("one address takes its share only; loopback has no share")
    func share() throws {
        var limits = ConnectionLimits()
        limits.connectionsPerAddress = 2
        let connections = OpenConnections(limits: limits)
        let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        func connect(_ address: String) throws -> (EmbeddedChannel, Bool) {
            let channel = EmbeddedChannel()
            channel.remoteAddress = try SocketAddress(ipAddress: address, port: 4000)
            return (channel, connections.admit(channel, logger: quiet))
        }
        let first = try connect("192.0.2.1")
        #expect(first.1)
        #expect(try connect("192.0.2.1").1)
        #expect(try !connect("192.0.2.1").1)
        #expect(try connect("192.0.2.2").1)
        for _ in 0..<5 { #expect(try connect("127.0.0.1").1) }
        _ = try first.0.finish()
        #expect(try connect("192.0.2.1").1)
        #expect(try !connect("192.0.2.1").1)
    }

    @Test("what a peer is waited for")
    func progress() {
        var progress = RequestProgress(hasHandshake: true)
        #expect(progress.wait == .handshake)
        let course: [(RequestProgress.Event, RequestProgress.Wait?)] = [
            (.handshakeDone, .header), (.requestHead, .body), (.requestEnd, nil), (.responseEnd, .idle),
            // Refused before its body is in.
            (.requestHead, .body), (.responseEnd, .body), (.requestEnd, .idle),
            // The next request comes while the first is being answered.
            (.requestHead, .body), (.requestEnd, nil), (.requestHead, .body), (.requestEnd, nil), (.responseEnd, nil), (.responseEnd, .idle),
        ]
        for (event, wait) in course {
            progress.note(event)
            #expect(progress.wait == wait)
        }
    }
}

/// The log as plain lines.
struct LogLines: LogHandler {
    let said: @Sendable (String) -> Void
    var metadata = Logger.Metadata()
    var logLevel = Logger.Level.warning
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    init(said: @escaping @Sendable (String) -> Void) { self.said = said }

    func log(event: LogEvent) { said("\(event.message)") }
}
