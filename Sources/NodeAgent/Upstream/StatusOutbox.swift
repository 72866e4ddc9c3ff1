import FoundationEssentials
import KubeAPI
import KubeClient
package import Ledger
package import Logging

/// Sends what waits in the ledger's outbox, in order for each pod, newest status only, for as long as it takes: with the
/// control plane away everything stays where it is.
///
/// Statuses and deletions go out side by side; events, which nobody waits for, behind each other beside them. So a pod is
/// Ready upstream before the story of thirty pods has been told.
package struct StatusOutbox: Sendable {
    private let lanes: [Lane]

    package init(ledger: Ledger, sender: UpstreamSender, logger: Logger) {
        lanes = [
            Lane(kinds: [.status, .deletion], width: 32, ledger: ledger, sender: sender, logger: logger),
            Lane(kinds: [.event], width: 1, ledger: ledger, sender: sender, logger: logger),
        ]
    }

    /// Something new may wait.
    package func kick() { for lane in lanes { lane.kick() } }

    /// Runs until cancelled.
    package func run() async {
        await withDiscardingTaskGroup { group in for lane in lanes { group.addTask { await lane.run() } } }
    }
}

/// One kind of messages on its way upstream.
private struct Lane: Sendable {
    private let kinds: [OutboxEntry.Kind]
    /// Objects whose messages are sent side by side.
    private let width: Int
    private let ledger: Ledger
    private let sender: UpstreamSender
    private let logger: Logger
    private let kicks: AsyncStream<Void>
    private let kicker: AsyncStream<Void>.Continuation

    /// Messages read at once.
    private static let batch = 32

    init(kinds: [OutboxEntry.Kind], width: Int, ledger: Ledger, sender: UpstreamSender, logger: Logger) {
        self.kinds = kinds
        self.width = width
        self.ledger = ledger
        self.sender = sender
        self.logger = logger
        (kicks, kicker) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func kick() { kicker.yield() }

    func run() async {
        kick()
        var delay = RetryDelay()
        for await _ in kicks {
            while !Task.isCancelled {
                switch await drain() {
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
        }
    }

    private enum Outcome { case empty, progress, trouble(String) }

    private func drain() async -> Outcome {
        let entries: [OutboxEntry]
        do throws(LedgerError) {
            entries = try await ledger.read { [kinds] in try $0.outbox(kinds, limit: Self.batch) }
        } catch {
            return .trouble("\(error)")
        }
        guard !entries.isEmpty else { return .empty }
        let lines = Dictionary(grouping: entries, by: \.key).values.sorted { ($0.first?.sequence ?? 0) < ($1.first?.sequence ?? 0) }
        let trouble = await withTaskGroup(of: String?.self) { group in
            var trouble: String?
            for (index, line) in lines.enumerated() {
                if index >= width, let ended = await group.next() { trouble = ended }
                if trouble != nil { break }
                group.addTask { await self.send(line) }
            }
            return await group.reduce(trouble) { $0 ?? $1 }
        }
        return trouble.map(Outcome.trouble) ?? .progress
    }

    /// Messages about one object, one after the other; stops at the first that has to wait.
    private func send(_ line: [OutboxEntry]) async -> String? {
        for entry in line {
            do {
                try await sender.send(try OutboxMessage(stored: entry.body))
            } catch let error as KubeClientError {
                return "\(error)"
            } catch {
                logger.error("outbox message dropped", metadata: ["key": "\(entry.key)", "error": "\(error)"])
            }
            do throws(LedgerError) {
                try await ledger.commit { try $0.acknowledge(entry.sequence) }
            } catch {
                return "\(error)"
            }
        }
        return nil
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
