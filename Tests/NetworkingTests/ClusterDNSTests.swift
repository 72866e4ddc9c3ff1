import KubeAPI
import Logging
import NIOCore
import NIOPosix
import Testing

@testable import Networking

/// Real sockets on loopback, with a second server in the part of the node's resolver.
@Suite("Cluster DNS server")
struct ClusterDNSTests {
    private let group = MultiThreadedEventLoopGroup.singleton

    private func serve(_ registry: ServiceRegistry, upstream: [SocketAddress] = [], patience: Duration = .seconds(2)) async throws -> (ClusterDNS, SocketAddress) {
        let server = ClusterDNS(
            configuration: .init(address: "127.0.0.1", port: 0, upstream: .fixed(upstream), patience: patience),
            registry: registry, group: group, logger: Logger(label: "test"))
        return (server, try SocketAddress(ipAddress: "127.0.0.1", port: try await server.start()))
    }

    /// `DNSForwarder` is a client too.
    private func ask(_ text: String, of server: SocketAddress, by transport: DNSTransport = .datagram) async throws -> [UInt8] {
        let client = DNSForwarder(upstream: UpstreamList(.fixed([server]), excluding: ""), patience: .seconds(20))
        let message = DNSQuery.message(id: 7, question: DNSQuestion(name: name(text), type: DNSType.a))
        return try await client.forward(message, by: transport, on: group.next()).get()
    }

    private func addresses(_ reply: [UInt8]) throws -> Set<String> {
        Set(try DNSResponse.answers(parsing: reply).compactMap { if case .address(let address) = $0.data { address.description } else { nil } })
    }

    @Test("answers by UDP and by TCP, and from the newest registry")
    func answering() async throws {
        let (server, address) = try await serve(ServiceRegistry())
        #expect(try await ask("web.default.svc.cluster.local", of: address)[3] & 0xf == 3)
        server.update(try tutorialRegistry())
        for transport in [DNSTransport.datagram, .stream] {
            #expect(try addresses(try await ask("web.default.svc.cluster.local", of: address, by: transport)) == ["10.61.0.2", "10.61.0.3"])
        }
        await server.shutDown()
    }

    @Test("other names go to the first resolver that answers, by the client's own transport")
    func forwarding() async throws {
        let service: Service = try decode(#"{"metadata":{"name":"docs","namespace":"example"},"spec":{"clusterIP":"192.0.2.7"}}"#)
        let (elsewhere, resolver) = try await serve(ServiceRegistry(services: [service], domain: "com"))
        // Port 1 of loopback refuses: the next one is asked at once.
        let dead = try SocketAddress(ipAddress: "127.0.0.1", port: 1)
        let (server, address) = try await serve(try tutorialRegistry(), upstream: [dead, resolver])
        for transport in [DNSTransport.datagram, .stream] {
            let reply = try await ask("docs.example.svc.com", of: address, by: transport)
            #expect(try addresses(reply) == ["192.0.2.7"])
        }
        await server.shutDown()
        await elsewhere.shutDown()
    }

    @Test("an external name is followed inside and outside the cluster, and a circle ends")
    func following() async throws {
        let service: Service = try decode(#"{"metadata":{"name":"docs","namespace":"example"},"spec":{"clusterIP":"192.0.2.7"}}"#)
        let (elsewhere, resolver) = try await serve(ServiceRegistry(services: [service], domain: "com"))
        let alias: Service = try decode(#"{"metadata":{"name":"docs","namespace":"default"},"spec":{"type":"ExternalName","externalName":"docs.example.svc.com"}}"#)
        let (outward, outwardAddress) = try await serve(ServiceRegistry(services: [alias]), upstream: [resolver])
        let reply = try await ask("docs.default.svc.cluster.local", of: outwardAddress)
        #expect(try DNSResponse.answers(parsing: reply).map(\.type) == [DNSType.cname, DNSType.a])
        #expect(try addresses(reply) == ["192.0.2.7"])

        let (inward, inwardAddress) = try await serve(try tutorialRegistry())
        #expect(try addresses(try await ask("near.default.svc.cluster.local", of: inwardAddress)) == ["10.96.0.9"])
        #expect(try await ask("loop.default.svc.cluster.local", of: inwardAddress)[3] & 0xf == 2)
        for server in [elsewhere, outward, inward] { await server.shutDown() }
    }

    @Test("without a resolver that answers, the client is told so")
    func noUpstream() async throws {
        let (server, address) = try await serve(try tutorialRegistry())
        #expect(try await ask("example.com", of: address)[3] & 0xf == 2)
        await server.shutDown()

        // A socket that never answers: the patience runs out.
        let mute = try await DatagramBootstrap(group: group).bind(host: "127.0.0.1", port: 0).get()
        let (patient, patientAddress) = try await serve(try tutorialRegistry(), upstream: [try #require(mute.localAddress)], patience: .milliseconds(50))
        #expect(try await ask("example.com", of: patientAddress)[3] & 0xf == 2)
        await patient.shutDown()
        try await mute.close()
    }

    @Test("a taken port is an error with address and remedy")
    func takenPort() async throws {
        let (server, address) = try await serve(ServiceRegistry())
        let second = ClusterDNS(
            configuration: .init(address: "127.0.0.1", port: try #require(address.port)), group: group, logger: Logger(label: "test"))
        let error = await #expect(throws: NetworkError.self) { try await second.start() }
        #expect(error?.description.contains("127.0.0.1:\(try #require(address.port))") == true)
        #expect(error?.remedy != nil)
        await server.shutDown()
    }
}
