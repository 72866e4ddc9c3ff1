import Foundation
import KubeAPI
import NIOCore
import NIOPosix
import Testing

@testable import NodeAgent

@Suite("gRPC probes")
struct GRPCProbeTests {
    private func probe(_ port: Int, _ service: String? = nil, timeout: Duration = .seconds(60)) async throws -> ProbeResult {
        let named = service.map { #","service":"\#($0)""# } ?? ""
        let action = try JSONValue(parsing: #"{"port":\#(port)\#(named)}"#).decode(as: GRPCAction.self)
        let runner = try ProbeRunner()
        let result = await runner.check(action, podIP: "127.0.0.1", timeout: timeout)
        try await runner.shutDown()
        return result
    }

    @Test("a server of another make, by its words", .enabled(if: GRPCPeer.library != nil, "scripts/test installs the peer"))
    func peer() async throws {
        let peer = try await GRPCPeer()
        #expect(try await probe(peer.ports.health) == .passed)
        #expect(try await probe(peer.ports.health, "") == .passed)
        try await peer.set("db", "NOT_SERVING")
        #expect(try await probe(peer.ports.health, "db") == .failed(#"service unhealthy (responded with "NOT_SERVING")"#))
        try await peer.set("db", "SERVING")
        #expect(try await probe(peer.ports.health, "db") == .passed)
        guard case .failed(let unknown) = try await probe(peer.ports.health, "nothing") else { throw Unexpected() }
        #expect(unknown.hasPrefix("error: health rpc probe failed: rpc error: code = NotFound"))
        guard case .failed(let missing) = try await probe(peer.ports.bare) else { throw Unexpected() }
        #expect(missing == "error: this server does not implement the grpc health protocol (grpc.health.v1.Health): Method not found!")
        try peer.stop()
        guard case .failed(let refused) = try await probe(peer.ports.health) else { throw Unexpected() }
        #expect(refused == "error: failed to connect service at \"127.0.0.1:\(peer.ports.health)\": connect: connection refused")
    }

    struct Unexpected: Error {}

    @Test("a peer that accepts and says nothing is waited for no longer than the timeout", .timeLimit(.minutes(1)))
    func silence() async throws {
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton).bind(host: "127.0.0.1", port: 0).get()
        let result = try await probe(listener.localAddress?.port ?? 0, timeout: .milliseconds(500))
        #expect(result == .failed("timeout: health rpc did not complete within 0.5 seconds"))
        try await listener.close()
    }

    @Test("a request in its frame", arguments: [
        ("", [0, 0, 0, 0, 0]), ("db", [0, 0, 0, 0, 4, 0x0A, 2, 0x64, 0x62]),
    ] as [(String, [UInt8])])
    func request(service: String, bytes: [UInt8]) { #expect(GRPCHealth.request(service: service) == bytes) }

    @Test("a long name has a long length")
    func longName() {
        #expect(GRPCHealth.request(service: String(repeating: "x", count: 300)).prefix(8) == [0, 0, 0, 1, 0x2F, 0x0A, 0xAC, 0x02])
    }

    @Test("answers", arguments: [
        (200, 0, "", [0, 0, 0, 0, 2, 8, 1], nil),
        // Fields that a later protocol adds.
        (200, 0, "", [0, 0, 0, 0, 7, 0x12, 1, 0x41, 0x18, 5, 8, 1], nil),
        (200, 0, "", [0, 0, 0, 0, 0], #"service unhealthy (responded with "UNKNOWN")"#),
        (200, 0, "", [0, 0, 0, 0, 2, 8, 3], #"service unhealthy (responded with "SERVICE_UNKNOWN")"#),
        (200, 0, "", [], "error: health rpc probe failed: the answer is not a HealthCheckResponse"),
        (200, 0, "", [0, 0, 0, 0, 9, 8, 1], "error: health rpc probe failed: the answer is not a HealthCheckResponse"),
        (200, 0, "", [1, 0, 0, 0, 2, 8, 1], "error: health rpc probe failed: the answer is not a HealthCheckResponse"),
        (200, 12, "no%20such%3A x", [], "error: this server does not implement the grpc health protocol (grpc.health.v1.Health): no such: x"),
        (200, 14, "away", [], "error: health rpc probe failed: rpc error: code = Unavailable desc = away"),
        (404, nil, "", [], "error: health rpc probe failed: unexpected HTTP status code received from server: 404"),
    ] as [(Int, Int?, String, [UInt8], String?)])
    func answers(httpStatus: Int, code: Int?, message: String, body: [UInt8], failure: String?) {
        let answer = GRPCHealth.Answer(httpStatus: httpStatus, code: code, message: message, body: body)
        #expect(GRPCHealth.result(of: answer) == failure.map(ProbeResult.failed) ?? .passed)
    }
}
