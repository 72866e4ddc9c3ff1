import AsyncHTTPClient
import FoundationEssentials
import Glibc
import HTTPServing
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization
import Testing

@Suite("TLS server with client certificates and upgrades")
struct KubeHTTPServerTests {
    struct WhoAmI: HTTPResponder {
        func respond(to request: Request, context: KubeRequestContext) async throws -> Response {
            if request.uri.path == "/fail" { throw UpgradeFailure.upgradeRefused(status: 1, body: "on purpose") }
            return .text("\(context.client)")
        }
    }

    /// A directory with a CA, a server certificate for 127.0.0.1 and a client certificate.
    struct Credentials {
        let directory: String
        let files: ServerTLS.Files

        init() throws {
            var template = Array("/tmp/berth-pki-XXXXXX".utf8CString)
            directory = String(cString: try #require(mkdtemp(&template)))
            let authority = try CertificateAuthority(directory: directory, commonName: "test-ca")
            let server = try authority.issueServer(commonName: "server", dnsNames: ["localhost"], ipAddresses: ["127.0.0.1", "::1"])
            let client = try authority.issueClient(commonName: "alice", organizations: ["devs", "ops"])
            for (name, pair) in [("server", server), ("client", client)] {
                try PEMFile.write(pair.certificatePEM, to: "\(directory)/\(name).crt", mode: 0o644)
                try PEMFile.write(pair.privateKeyPEM, to: "\(directory)/\(name).key", mode: 0o600)
            }
            files = ServerTLS.Files(
                certificateChain: "\(directory)/server.crt", privateKey: "\(directory)/server.key", clientCA: "\(directory)/ca.crt")
        }

        func clientTLS(withCertificate: Bool, trusting authority: String? = nil) throws -> TLSConfiguration {
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.trustRoots = .file(authority ?? "\(directory)/ca.crt")
            if withCertificate {
                tls.certificateChain = try NIOSSLCertificate.fromPEMFile("\(directory)/client.crt").map { .certificate($0) }
                tls.privateKey = .privateKey(try NIOSSLPrivateKey(file: "\(directory)/client.key", format: .pem))
            }
            return tls
        }

        func remove() { try? FileManager.default.removeItem(atPath: directory) }  // what remains is a temporary file
    }

    static func withServer(
        _ credentials: Credentials, upgrade: UpgradeHandler? = nil, _ body: @Sendable (_ port: Int) async throws -> Void
    ) async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let (ports, port) = AsyncStream<Int>.makeStream()
        let server = KubeHTTPServer(
            address: .tcp(host: "127.0.0.1", port: 0), tls: try ServerTLS(files: credentials.files), responder: WhoAmI(), upgrade: upgrade,
            eventLoopGroup: group, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        ) { address in
            port.yield(address?.port ?? 0)
        }
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await server.run() }
            for await port in ports {
                try await body(port)
                break
            }
            tasks.cancelAll()
        }
    }

    static func get(_ url: String, _ tls: TLSConfiguration, upgrade: String? = nil) async throws -> (status: Int, body: String) {
        var configuration = HTTPClient.Configuration(certificateVerification: .fullVerification)
        configuration.tlsConfiguration = tls
        let client = HTTPClient(eventLoopGroup: MultiThreadedEventLoopGroup.singleton, configuration: configuration)
        do {
            var request = HTTPClientRequest(url: url)
            if let upgrade {
                request.headers.add(name: "Upgrade", value: upgrade)
                request.headers.add(name: "Connection", value: "Upgrade")
            }
            let response = try await client.execute(request, timeout: .seconds(10))
            let body = String(buffer: try await response.body.collect(upTo: 1 << 20))
            try await client.shutdown()
            return (Int(response.status.code), body)
        } catch {
            try await client.shutdown()
            throw error
        }
    }

    @Test("a connection that says nothing does not hold up the end")
    func endsAtOnce() async throws {
        let credentials = try Credentials()
        defer { credentials.remove() }
        let began = Mutex(ContinuousClock.now)
        try await Self.withServer(credentials) { port in
            let idle = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).connect(host: "127.0.0.1", port: port).get()
            _ = try await Self.get("https://127.0.0.1:\(port)/", credentials.clientTLS(withCertificate: true))
            began.withLock { $0 = .now }
            #expect(idle.isActive)
        }
        #expect(began.withLock { $0.duration(to: .now) } < .seconds(8))
    }

    @Test("a client certificate names user and groups; without one the client is anonymous")
    func identity() async throws {
        let credentials = try Credentials()
        defer { credentials.remove() }
        try await Self.withServer(credentials) { port in
            let named = try await Self.get("https://127.0.0.1:\(port)/", credentials.clientTLS(withCertificate: true))
            #expect(named.body == #"certificate(user: "alice", groups: ["devs", "ops"])"#)
            let anonymous = try await Self.get("https://localhost:\(port)/", credentials.clientTLS(withCertificate: false))
            #expect(anonymous.body == "anonymous")
        }
    }

    @Test("a certificate of another authority is turned away")
    func foreignCertificate() async throws {
        let (ours, theirs) = (try Credentials(), try Credentials())
        defer {
            ours.remove()
            theirs.remove()
        }
        try await Self.withServer(ours) { port in
            let tls = try theirs.clientTLS(withCertificate: true, trusting: "\(ours.directory)/ca.crt")
            await #expect(throws: (any Error).self) { try await Self.get("https://127.0.0.1:\(port)/", tls) }
        }
    }

    @Test("a failing responder answers 500 with a Status")
    func failure() async throws {
        let credentials = try Credentials()
        defer { credentials.remove() }
        try await Self.withServer(credentials) { port in
            let answer = try await Self.get("https://127.0.0.1:\(port)/fail", credentials.clientTLS(withCertificate: true))
            #expect(answer.status == 500)
            #expect(answer.body.contains(#""kind":"Status""#) && answer.body.contains("on purpose"))
        }
    }

    @Test("a request to upgrade to a protocol that is not served is answered as the plain request it also is")
    func unknownUpgrade() async throws {
        let credentials = try Credentials()
        defer { credentials.remove() }
        let handler: UpgradeHandler = { _, _ in .refuse(.text("never asked", status: .badRequest)) }
        try await Self.withServer(credentials, upgrade: handler) { port in
            let tls = try credentials.clientTLS(withCertificate: false)
            let answer = try await Self.get("https://127.0.0.1:\(port)/", tls, upgrade: "h2c")
            #expect(answer.body == "anonymous")
        }
    }

    @Test("an upgrade carries bytes both ways, also what the server sends with its 101, and a refusal keeps its status")
    func upgrade() async throws {
        let credentials = try Credentials()
        defer { credentials.remove() }
        let handler: UpgradeHandler = { request, context in
            guard request.head.path == "/echo", case .certificate = context.client else {
                return .refuse(.text("not here", status: .notFound))
            }
            return .bytes(headers: [.init("X-Stream-Protocol-Version")!: "v4"]) { channel in
                // A client that hangs up ends the echo.
                try? await channel.executeThenClose { inbound, outbound in
                    try await outbound.write(ByteBuffer(string: "hello "))
                    for try await bytes in inbound { try await outbound.write(bytes) }
                }
            }
        }
        try await Self.withServer(credentials, upgrade: handler) { port in
            let client = UpgradeClient(
                tls: try NIOSSLContext(configuration: credentials.clientTLS(withCertificate: true)),
                eventLoopGroup: MultiThreadedEventLoopGroup.singleton)
            let refusal = await #expect(throws: UpgradeFailure.self) {
                try await client.open(
                    host: "127.0.0.1", port: port, upgrade: "SPDY/3.1",
                    request: HTTPRequest(method: .post, scheme: nil, authority: nil, path: "/nowhere"))
            }
            #expect("\(try #require(refusal))".contains("answered 404"))
            let connection = try await client.open(
                host: "127.0.0.1", port: port, upgrade: "SPDY/3.1",
                request: HTTPRequest(method: .post, scheme: nil, authority: nil, path: "/echo"))
            #expect(connection.headers[.init("X-Stream-Protocol-Version")!] == "v4")
            #expect(try await Self.exchange(connection, sending: "world", expecting: "hello world") == "hello world")
        }
    }

    /// Talks through `UpgradedConnection.relay` over a socket pair, as a proxied client would.
    static func exchange(_ connection: UpgradedConnection, sending text: String, expecting answer: String) async throws -> String {
        let group = MultiThreadedEventLoopGroup.singleton
        let listener = try await ServerBootstrap(group: group).bind(host: "127.0.0.1", port: 0) { channel in
            channel.eventLoop.makeCompletedFuture {
                try ByteChannel(wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
            }
        }
        let port = try #require(listener.channel.localAddress?.port)
        return try await withThrowingTaskGroup(of: String?.self) { tasks in
            tasks.addTask {
                try await listener.executeThenClose { clients in
                    for try await client in clients {
                        try await connection.relay(to: client)
                        return nil
                    }
                    return nil
                }
            }
            tasks.addTask {
                let near = try await ClientBootstrap(group: group).connect(host: "127.0.0.1", port: port) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try ByteChannel(wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
                    }
                }
                return try await near.executeThenClose { inbound, outbound in
                    try await outbound.write(ByteBuffer(string: text))
                    var received = ""
                    for try await bytes in inbound {
                        received += String(buffer: bytes)
                        if received.count >= answer.count { break }
                    }
                    outbound.finish()
                    return received
                }
            }
            var received = ""
            for try await result in tasks { received += result ?? "" }
            return received
        }
    }
}
