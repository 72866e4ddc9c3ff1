import Foundation
import KubeAPI
import KubeClient
import Ledger
import Logging
import Synchronization
import Testing

@testable import NodeAgent

@Suite("Outbox of statuses", .timeLimit(.minutes(5)))
struct StatusOutboxTests {
    /// An API server that refuses some pods' statuses, as often as it is told to.
    private final class Server: Sendable {
        let refusals: Mutex<[String: [KubeClientError]]>
        /// Names of the pods whose statuses it took, in order.
        let taken: AsyncStream<String>
        private let takes: AsyncStream<String>.Continuation

        init(refusing refusals: [String: [KubeClientError]]) {
            self.refusals = Mutex(refusals)
            (taken, takes) = AsyncStream.makeStream()
        }

        func receive(_ message: OutboxMessage) throws(KubeClientError) {
            guard case .status(let pod, _) = message else { return }
            let refusal = refusals.withLock { $0[pod.name]?.isEmpty == false ? $0[pod.name]?.removeFirst() : nil }
            if let refusal { throw refusal }
            takes.yield(pod.name)
        }
    }

    private static func refusal(_ code: Int) -> KubeClientError {
        .refused(Status(code: code, reason: "", message: "not now"), request: "PATCH")
    }

    /// What the server takes, in order, of the statuses of `pods`, which wait in this order.
    private func deliveries(of pods: [String], refusing refusals: [String: [KubeClientError]], first count: Int) async throws -> [String] {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("berth-outbox-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { #expect(throws: Never.self) { try FileManager.default.removeItem(atPath: directory) } }
        try Data("0123456789abcdef0123456789abcdef\n".utf8).write(to: URL(fileURLWithPath: "\(directory)/machine-id"))
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let location = LedgerLocation(directory: directory, machineID: "\(directory)/machine-id")
        let ledger = try Ledger.open(location, bootID: "boot", logger: logger).ledger
        try await ledger.commit { transaction in
            for name in pods { try transaction.send(.status(PodReference(namespace: "default", name: name, uid: name), PodStatus()), at: Date()) }
        }
        let server = Server(refusing: refusals)
        let outbox = StatusOutbox(ledger: ledger, logger: logger) { try server.receive($0) }
        let running = Task { await outbox.run() }
        var names: [String] = []
        for await name in server.taken {
            names.append(name)
            if names.count == count { break }
        }
        running.cancel()
        await running.value
        return names
    }

    @Test("statuses that are refused keep nobody else waiting, however many they are and however often")
    func refused() async throws {
        // More than are read at once, and before the others.
        let refused = (0..<40).map { "refused-\($0)" }
        let others = (0..<5).map { "other-\($0)" }
        let never = Dictionary(uniqueKeysWithValues: refused.map { ($0, Array(repeating: Self.refusal(403), count: 1000)) })
        #expect(Set(try await deliveries(of: refused + others, refusing: never, first: others.count)) == Set(others))
    }

    @Test("a status that was refused is sent again, also when nothing else happens", arguments: [403, 500])
    func again(code: Int) async throws {
        #expect(try await deliveries(of: ["late"], refusing: ["late": [Self.refusal(code), Self.refusal(code)]], first: 1) == ["late"])
    }

    @Test("without an answer everybody waits, and then is sent", arguments: [refusal(503), refusal(401), .unreachable(server: "s", cause: "c")])
    func outage(error: KubeClientError) async throws {
        #expect(error.isOutage)
        let pods = ["one", "two"]
        #expect(Set(try await deliveries(of: pods, refusing: ["one": [error], "two": [error]], first: 2)) == Set(pods))
    }

    @Test("a refused message waits longer each time, by itself, until one is taken")
    func holds() {
        var held = HeldMessages()
        let start = ContinuousClock.now
        #expect(held.keys(at: start).isEmpty && held.end == nil)
        let first = held.hold("a", at: start), second = held.hold("a", at: start)
        #expect(first && !second)
        #expect(held.keys(at: start) == ["a"])
        #expect(held.keys(at: start + .milliseconds(199)) == ["a"] && held.keys(at: start + .milliseconds(401)).isEmpty)
        #expect(held.end.map { $0 > start && $0 <= start + .milliseconds(400) } == true)
        held.release("a")
        let anew = held.hold("a", at: start)
        #expect(anew && held.end.map { $0 <= start + .milliseconds(200) } == true)
        held.keep(only: ["b"])
        #expect(held.end == nil)
    }
}
