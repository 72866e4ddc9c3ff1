import AsyncHTTPClient
import FoundationEssentials
import Glibc
import HTTPServing
import Hummingbird
import Logging
import NIOPosix
import NIOSSL
@testable import NodeServer
import Synchronization
import Testing

@Suite("Whose client certificates the node API accepts")
struct ClientAuthorityTests {
    struct WhoAmI: HTTPResponder {
        func respond(to request: Request, context: KubeRequestContext) async throws -> Response { .text("\(context.client)") }
    }

    /// Two authorities: one signed the server's certificate, the other the cluster's clients'.
    struct Cluster {
        let directory: String
        let server: CertificateAuthority
        let clients: CertificateAuthority
        var file: String { "\(directory)/cluster-client-ca.crt" }

        init() throws {
            var template = Array("/tmp/berth-client-ca-XXXXXX".utf8CString)
            directory = String(cString: try #require(mkdtemp(&template)))
            server = try CertificateAuthority(directory: "\(directory)/server", commonName: "server-ca")
            clients = try CertificateAuthority(directory: "\(directory)/clients", commonName: "client-ca")
            let pair = try server.issueServer(commonName: "node", dnsNames: [], ipAddresses: ["127.0.0.1"])
            try PEMFile.write(pair.certificatePEM, to: "\(directory)/node.crt", mode: 0o644)
            try PEMFile.write(pair.privateKeyPEM, to: "\(directory)/node.key", mode: 0o600)
        }

        func tls(clientCA: String?) throws -> ServerTLS {
            try ServerTLS(files: .init(certificateChain: "\(directory)/node.crt", privateKey: "\(directory)/node.key", clientCA: clientCA))
        }

        func remove() { try? FileManager.default.removeItem(atPath: directory) }  // what remains is a temporary file

        /// Who the server takes the holder of a certificate of `authority` for; nil when it does not talk to it.
        func identity(certifiedBy authority: CertificateAuthority, port: Int) async throws -> String? {
            let pair = try authority.issueClient(commonName: "alice", organizations: [])
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.trustRoots = .certificates([try NIOSSLCertificate(bytes: Array(server.certificatePEM.utf8), format: .pem)])
            tls.certificateChain = [.certificate(try NIOSSLCertificate(bytes: Array(pair.certificatePEM.utf8), format: .pem))]
            tls.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: Array(pair.privateKeyPEM.utf8), format: .pem))
            let client = HTTPClient(eventLoopGroup: MultiThreadedEventLoopGroup.singleton, configuration: .init(tlsConfiguration: tls))
            do {
                let response = try await client.execute(HTTPClientRequest(url: "https://127.0.0.1:\(port)/"), timeout: .seconds(10))
                let text = String(buffer: try await response.body.collect(upTo: 1024))
                try await client.shutdown()
                return text
            } catch {
                try await client.shutdown()
                return nil
            }
        }
    }

    @Test("the authority that the cluster publishes, from when it is known until it is withdrawn; never the server's own")
    func published() async throws {
        let cluster = try Cluster()
        defer { cluster.remove() }
        let said = Mutex(ClientAuthority.Answer.withheld(reason: "forbidden"))
        let tls = try cluster.tls(clientCA: nil)
        let authority = try ClientAuthority(tls: tls, file: cluster.file, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }) {
            said.withLock { $0 }
        }
        let (ports, port) = AsyncStream<Int>.makeStream()
        let server = KubeHTTPServer(
            address: .tcp(host: "127.0.0.1", port: 0), tls: tls, responder: WhoAmI(), eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }) { port.yield($0?.port ?? 0) }
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await server.run() }
            for await port in ports {
                func identity(_ signer: CertificateAuthority) async throws -> String? { try await cluster.identity(certifiedBy: signer, port: port) }
                try await check(authority, said, cluster, identity)
                break
            }
            tasks.cancelAll()
        }
    }

    private func check(
        _ authority: ClientAuthority, _ said: borrowing Mutex<ClientAuthority.Answer>, _ cluster: Cluster,
        _ identity: (CertificateAuthority) async throws -> String?
    ) async throws {
        await authority.refresh()
        #expect(try await identity(cluster.clients) == "anonymous")
        #expect(try await identity(cluster.server) == "anonymous")

        said.withLock { $0 = .published(cluster.clients.certificatePEM) }
        await authority.refresh()
        let alice = #"certificate(user: "alice", groups: [])"#
        #expect(try await identity(cluster.clients) == alice)
        #expect(try await identity(cluster.server) == nil)

        said.withLock { $0 = .unknown(reason: "away") }
        await authority.refresh()
        #expect(try await identity(cluster.clients) == alice)
        // Also after a restart of the daemon.
        #expect(try PEMFile.read(cluster.file) == cluster.clients.certificatePEM)

        said.withLock { $0 = .withheld(reason: "forbidden") }
        await authority.refresh()
        #expect(try await identity(cluster.clients) == "anonymous")
        #expect(try PEMFile.read(cluster.file) == nil)

        // What is no certificate changes nothing.
        said.withLock { $0 = .published("nonsense") }
        await authority.refresh()
        #expect(try await identity(cluster.clients) == "anonymous")
    }
}
