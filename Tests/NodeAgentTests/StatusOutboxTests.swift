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

    private static var logger: Logger {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return logger
    }

    /// In a directory of its own.
    private static func ledger() throws -> (Ledger, directory: String) {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("berth-outbox-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try Data("0123456789abcdef0123456789abcdef\n".utf8).write(to: URL(fileURLWithPath: "\(directory)/machine-id"))
        let location = LedgerLocation(directory: directory, machineID: "\(directory)/machine-id")
        return (try Ledger.open(location, bootID: "boot", logger: logger).ledger, directory)
    }

    /// Puts a status of each of `pods` into the outbox, in this order.
    private static func send(_ pods: [String], in ledger: Ledger) async throws {
        let status = try JSONValue(encoding: PodStatus())
        try await ledger.commit { transaction in
            for name in pods { try transaction.send(.status(PodReference(namespace: "default", name: name, uid: name), status), at: Date()) }
        }
    }

    /// What the server takes, in order, of the statuses of `pods`, which wait in this order.
    private func deliveries(of pods: [String], refusing refusals: [String: [KubeClientError]], first count: Int) async throws -> [String] {
        let (ledger, directory) = try Self.ledger()
        defer { #expect(throws: Never.self) { try FileManager.default.removeItem(atPath: directory) } }
        try await Self.send(pods, in: ledger)
        let server = Server(refusing: refusals)
        let outbox = StatusOutbox(ledger: ledger, logger: Self.logger) { try server.receive($0) }
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

    /// The phases that are sent: of one pod that is Pending, which can wait for `pause`, of another that is Unknown, and when that has been
    /// sent, `next` of the first.
    private func phases(pause: Duration, next: String?) async throws -> [String] {
        let (ledger, directory) = try Self.ledger()
        defer { #expect(throws: Never.self) { try FileManager.default.removeItem(atPath: directory) } }
        let (sent, sends) = AsyncStream<String>.makeStream()
        let outbox = StatusOutbox(ledger: ledger, logger: Self.logger, pause: pause) {
            if case .status(_, let status) = $0 { sends.yield(status["phase"]?.string ?? "none") }
        }
        func send(_ phase: String, of name: String) async throws {
            var status = PodStatus()
            status.phase = phase
            let fields = try JSONValue(encoding: status)
            try await ledger.commit { try $0.send(.status(PodReference(namespace: "default", name: name, uid: name), fields), at: Date()) }
            outbox.kick(.status, key: name, canWait: status.isOnItsWay)
        }
        try await send("Pending", of: "p")
        try await send("Unknown", of: "q")
        let running = Task { await outbox.run() }
        var phases: [String] = []
        for await phase in sent {
            phases.append(phase)
            if phases.count == 2 { break }
            if let next { try await send(next, of: "p") }
        }
        running.cancel()
        await running.value
        return phases
    }

    @Test("a status that can wait is not sent when a better one follows, and is when none does")
    func pauses() async throws {
        #expect(try await phases(pause: .seconds(3600), next: "Running") == ["Unknown", "Running"])
        #expect(Set(try await phases(pause: .milliseconds(1), next: nil)) == ["Pending", "Unknown"])
    }

    @Test("events give way to a status that was written just now, also to one that waits itself")
    func eventsGiveWay() async throws {
        let (ledger, directory) = try Self.ledger()
        defer { #expect(throws: Never.self) { try FileManager.default.removeItem(atPath: directory) } }
        let (sent, sends) = AsyncStream<ContinuousClock.Instant>.makeStream()
        let outbox = StatusOutbox(ledger: ledger, logger: Self.logger, pause: .seconds(3600)) { if case .event = $0 { sends.yield(.now) } }
        var event = Event()
        event.metadata = ObjectMeta(name: "p.1", namespace: "default")
        let message = OutboxMessage.event(event)
        try await ledger.commit { try $0.send(message, at: Date()) }
        let written = ContinuousClock.now
        outbox.kick(.status, key: "p", canWait: true)
        let running = Task { await outbox.run() }
        let first = await sent.first { _ in true }
        running.cancel()
        await running.value
        // No sooner: how much later depends on the machine.
        #expect(try #require(first) - written >= .milliseconds(100))
    }

    @Test("only a pod on which nothing has gone wrong can wait", arguments: [
        ("Pending", "ContainerCreating", 0, true), ("Pending", "ImagePullBackOff", 0, false), ("Pending", "PodInitializing", 1, false),
        ("Running", "ContainerCreating", 0, false), ("Failed", "ContainerCreating", 0, false),
    ])
    func waiting(phase: String, reason: String, restarts: Int, canWait: Bool) {
        var container = ContainerStatus(name: "c")
        container.state = ContainerState(waiting: ContainerStateWaiting(reason: reason))
        container.restartCount = restarts
        var status = PodStatus()
        status.phase = phase
        status.containerStatuses = [container]
        #expect(status.isOnItsWay == canWait)
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

    @Test("a status that was taken is not sent again while its row is still there, however often the outbox is looked at")
    func once() async throws {
        let (ledger, directory) = try Self.ledger()
        defer { #expect(throws: Never.self) { try FileManager.default.removeItem(atPath: directory) } }
        let pods = (0..<40).map { "pod-\($0)" }
        try await Self.send(pods, in: ledger)
        let taken = Mutex<[String]>([])
        let outbox = StatusOutbox(ledger: ledger, logger: Self.logger) { message in
            if case .status(let pod, _) = message { taken.withLock { $0.append(pod.name) } }
        }
        let running = Task { await outbox.run() }
        while try await !ledger.read({ try $0.outbox(limit: 1) }).isEmpty { outbox.kick(.status) }
        running.cancel()
        await running.value
        #expect(taken.withLock(\.self).sorted() == pods.sorted())
    }

    @Test("what an earlier version put into the outbox is sent as it was meant")
    func stored() throws {
        let pod = PodReference(namespace: "default", name: "web", uid: "u1")
        let message = #"{"status":{"_0":{"namespace":"default","name":"web","uid":"u1"},"_1":{"phase":"Running","hostIPs":[{"ip":"192.0.2.1"}]}}}"#
        #expect(try OutboxMessage(stored: Data(message.utf8)) == .status(pod, ["phase": "Running", "hostIPs": [["ip": "192.0.2.1"]]]))
        #expect(try OutboxMessage(stored: Data(#"{"deletion":{"_0":{"namespace":"default","name":"web","uid":"u1"}}}"#.utf8)) == .deletion(pod))
    }

    @Test("a message is read from the ledger as it was put there")
    func roundTrip() throws {
        var event = Event()
        event.metadata.name = "web.1"
        event.message = "a \"quoted\"/line\n"
        event.count = 3
        let pod = PodReference(namespace: "default", name: "web", uid: "u1")
        for message in [OutboxMessage.event(event), .deletion(pod), .status(pod, ["phase": "Pending"])] {
            #expect(try OutboxMessage(stored: message.stored()) == message)
        }
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
