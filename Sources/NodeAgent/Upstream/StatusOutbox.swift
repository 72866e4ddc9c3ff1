import FoundationEssentials
import KubeAPI
import KubeClient
package import Ledger
package import Logging
import Synchronization

/// Sends what waits in the ledger's outbox, in order for each pod, newest status only, for as long as it takes: with the
/// control plane away everything stays where it is.
///
/// Statuses and deletions go out side by side, and one that is refused keeps no other waiting; events, which nobody waits
/// for, behind each other, and while statuses are written or sent only every second. So thirty pods are Ready upstream before
/// their story has been told. A status that only says that a pod is on its way waits a moment for the next.
package struct StatusOutbox: Sendable {
    private let lanes: [Lane]

    private let pauses: Pauses
    private let traffic: Traffic

    /// - Parameters:
    ///   - pause: how long a status waits that can wait for a better one.
    ///   - sender: delivers a message; throws a `KubeClientError` only when trying again is worthwhile.
    package init(
        ledger: Ledger, logger: Logger, pause: Duration = .seconds(1), sender: @escaping @Sendable (OutboxMessage) async throws -> Void
    ) {
        let traffic = Traffic()
        let pauses = Pauses(length: pause)
        (self.pauses, self.traffic) = (pauses, traffic)
        lanes = [
            Lane(kinds: [.status, .deletion], width: 32, traffic: traffic, pauses: pauses, ledger: ledger, logger: logger, sender: sender),
            Lane(kinds: [.event], width: 1, traffic: traffic, pauses: pauses, ledger: ledger, logger: logger, sender: sender),
        ]
    }

    /// Something new of this kind may wait.
    package func kick(_ kind: OutboxEntry.Kind) { for lane in lanes { lane.kick(kind) } }

    /// A status or the deletion of a pod may wait.
    ///
    /// - Parameters:
    ///   - key: its entry's.
    ///   - canWait: a better one may follow in a moment: then only that is sent.
    package func kick(_ kind: OutboxEntry.Kind, key: String, canWait: Bool = false) {
        traffic.note()
        guard canWait else {
            pauses.end(key)
            return kick(kind)
        }
        guard pauses.begin(key) else { return }
        // Awaited by nobody: whatever has been sent by then, a kick does no harm.
        Task {
            try? await Task.sleep(for: pauses.length)
            kick(kind)
        }
    }

    /// Runs until cancelled.
    package func run() async {
        await withDiscardingTaskGroup { group in for lane in lanes { group.addTask { await lane.run() } } }
    }
}

/// When a status was last written or sent.
private final class Traffic: Sendable {
    private let last = Mutex<ContinuousClock.Instant?>(nil)

    func note() { last.withLock { $0 = .now } }

    /// Returns when no status has been written or sent for a while, though after a second at the latest.
    func giveWay() async {
        let latest = ContinuousClock.now + .seconds(1)
        while let last = last.withLock(\.self), !Task.isCancelled {
            let end = min(last + .milliseconds(100), latest)
            guard end > .now else { return }
            // Ends early only by cancellation, which the loop condition sees.
            try? await Task.sleep(until: end)
        }
    }
}

/// Pods whose status may wait for the next, each until when. Nothing of it is kept: after a restart all are sent.
private final class Pauses: Sendable {
    let length: Duration
    private let ends = Mutex<[String: ContinuousClock.Instant]>([:])

    init(length: Duration) { self.length = length }

    /// - Returns: false when it waits already; it does not wait longer for that.
    func begin(_ key: String) -> Bool {
        ends.withLock { ends in
            if ends[key] != nil { return false }
            ends[key] = .now + length
            return true
        }
    }

    func end(_ key: String) { ends.withLock { $0[key] = nil } }

    /// Those that wait still.
    func keys(at now: ContinuousClock.Instant) -> [String] {
        ends.withLock { ends in
            ends = ends.filter { $0.value > now }
            return Array(ends.keys)
        }
    }
}

/// One kind of messages on its way upstream.
private struct Lane: Sendable {
    private let kinds: [OutboxEntry.Kind]
    /// Objects whose messages are sent side by side.
    private let width: Int
    private let traffic: Traffic
    private let pauses: Pauses
    private let ledger: Ledger
    private let logger: Logger
    private let sender: @Sendable (OutboxMessage) async throws -> Void
    private let kicks: AsyncStream<Void>
    private let kicker: AsyncStream<Void>.Continuation

    /// Messages read at once.
    private static let batch = 32

    init(
        kinds: [OutboxEntry.Kind], width: Int, traffic: Traffic, pauses: Pauses, ledger: Ledger, logger: Logger,
        sender: @escaping @Sendable (OutboxMessage) async throws -> Void
    ) {
        self.kinds = kinds
        self.width = width
        self.traffic = traffic
        self.pauses = pauses
        self.ledger = ledger
        self.logger = logger
        self.sender = sender
        (kicks, kicker) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    private var isOfEvents: Bool { kinds == [.event] }

    func kick(_ kind: OutboxEntry.Kind) { if kinds.contains(kind) { kicker.yield() } }

    func run() async {
        kicker.yield()
        var delay = RetryDelay()
        var held = HeldMessages()
        var settled: Set<Int64> = []
        var alarm: Task<Void, Never>?
        for await _ in kicks {
            while !Task.isCancelled {
                if isOfEvents { await traffic.giveWay() }
                switch await drain(&held, &settled) {
                case .empty:
                    delay.reset()
                case .progress:
                    delay.reset()
                    continue
                case .trouble(let cause):
                    if delay.failures == 0 {
                        logger.warning("statuses wait for the API server", metadata: ["error": "\(cause)"])
                    }
                    // Ends early only by cancellation, which the loop condition sees.
                    try? await Task.sleep(for: delay.next())
                    continue
                }
                break
            }
            alarm?.cancel()
            alarm = held.end.map { end in
                // Awaited by nobody: the next round replaces it, and a kick after the end does no harm.
                Task {
                    do { try await Task.sleep(until: end) } catch { return }
                    kicker.yield()
                }
            }
        }
    }

    private enum Outcome { case empty, progress, trouble(String) }

    /// - Parameter settled: what is delivered and may still be in the ledger: after a crash it is only sent again.
    private func drain(_ held: inout HeldMessages, _ settled: inout Set<Int64>) async -> Outcome {
        var entries: [OutboxEntry]
        let waiting = held.keys(at: .now)
        let others = waiting + (isOfEvents ? [] : pauses.keys(at: .now))
        do throws(LedgerError) {
            entries = try await ledger.read { [kinds, count = Self.batch + settled.count] in try $0.outbox(kinds, except: others, limit: count) }
        } catch {
            return .trouble("\(error)")
        }
        settled.formIntersection(entries.map(\.sequence))
        entries.removeAll { settled.contains($0.sequence) }
        guard !entries.isEmpty else {
            held.keep(only: waiting)
            return .empty
        }
        let lines = Dictionary(grouping: entries, by: \.key).values.sorted { ($0.first?.sequence ?? 0) < ($1.first?.sequence ?? 0) }
        let sent = await withTaskGroup(of: Sent.self) { group in
            var sent = Sent()
            for (index, line) in lines.enumerated() {
                if index >= width, let ended = await group.next() { sent.add(ended) }
                if sent.outage != nil { break }
                group.addTask { await self.send(line) }
            }
            for await ended in group { sent.add(ended) }
            return sent
        }
        for key in sent.taken { held.release(key) }
        for (key, cause) in sent.refusals where held.hold(key, at: .now) {
            logger.warning("refused by the API server for now", metadata: ["key": "\(key)", "error": "\(cause)"])
        }
        settled.formUnion(sent.settled)
        if !sent.settled.isEmpty {
            ledger.post(matters: true) { [settled] transaction in for sequence in settled { try transaction.acknowledge(sequence) } }
        }
        return sent.outage.map(Outcome.trouble) ?? .progress
    }

    private struct Sent: Sendable {
        var settled: [Int64] = []
        /// Keys of objects of which nothing is left to be sent.
        var taken: [String] = []
        /// By key, what the API server has against a message that may be taken later.
        var refusals: [String: String] = [:]
        /// Why nothing more can be sent at all.
        var outage: String?

        mutating func add(_ other: Sent) {
            settled += other.settled
            taken += other.taken
            refusals.merge(other.refusals) { first, _ in first }
            outage = outage ?? other.outage
        }
    }

    /// Messages about one object, one after the other; stops at the first that has to wait.
    private func send(_ line: [OutboxEntry]) async -> Sent {
        var sent = Sent()
        for entry in line {
            if !isOfEvents { traffic.note() }
            do {
                try await sender(try OutboxMessage(stored: entry.body))
            } catch let error as KubeClientError {
                if error.isOutage { sent.outage = "\(error)" } else { sent.refusals[entry.key] = "\(error)" }
                return sent
            } catch {
                logger.error("outbox message dropped", metadata: ["key": "\(entry.key)", "error": "\(error)"])
            }
            sent.settled.append(entry.sequence)
        }
        sent.taken = line.prefix(1).map(\.key)
        return sent
    }
}

extension LedgerTransaction {
    /// Puts a message into the outbox, together with the rows it tells of.
    func send(_ message: OutboxMessage, at time: Date) throws {
        let body = try message.stored()
        switch message {
        case .status(let pod, _): try send(.status, key: pod.uid, body: body, at: time)
        case .deletion(let pod): try send(.deletion, key: pod.uid, body: body, at: time)
        case .event(let event): try send(.event, key: "\(event.metadata.namespace)/\(event.metadata.name)", body: body, at: time)
        }
    }
}
