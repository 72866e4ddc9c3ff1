import FoundationEssentials
import KubeAPI
import KubeClient
package import Ledger
package import Logging

/// Sends what waits in the ledger's outbox, in order for each pod, newest status only, for as long as it takes: with the
/// control plane away everything stays where it is.
package struct StatusOutbox: Sendable {
    private let ledger: Ledger
    private let sender: UpstreamSender
    private let logger: Logger
    private let kicks: AsyncStream<Void>
    private let kicker: AsyncStream<Void>.Continuation

    /// Messages read and sent side by side.
    private static let batch = 32

    package init(ledger: Ledger, sender: UpstreamSender, logger: Logger) {
        self.ledger = ledger
        self.sender = sender
        self.logger = logger
        (kicks, kicker) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Something new may wait.
    package func kick() { kicker.yield() }

    /// Runs until cancelled.
    package func run() async {
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
            entries = try await ledger.read { try $0.outbox(limit: Self.batch) }
        } catch {
            return .trouble("\(error)")
        }
        guard !entries.isEmpty else { return .empty }
        let lines = Dictionary(grouping: entries, by: \.key)
        let trouble = await withTaskGroup(of: String?.self) { group in
            for line in lines.values { group.addTask { await self.send(line) } }
            return await group.reduce(String?.none) { $0 ?? $1 }
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
