import ArgumentParser
import FoundationEssentials
import Ledger
import NIOHTTP1
import NodeAgent
import PodPlanning

struct Why: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Tell why a pod is not Ready.")

    @OptionGroup var node: NodeSelection
    @OptionGroup var name: PodName

    func run() async throws {
        let explanation = try await explanation()
        if node.output == .json { return try printJSON(explanation) }
        if explanation.isReady {
            // With the daemon down there is a cause all the same: that it is down.
            guard !explanation.causes.isEmpty else { return print("\(explanation.pod) is Ready") }
            print("\(explanation.pod) was Ready:")
        } else {
            print("\(explanation.pod) is \(explanation.phase.isEmpty ? "Pending" : explanation.phase), not Ready:")
        }
        for cause in explanation.causes {
            let subject = cause.container.isEmpty ? "" : "container \(cause.container): "
            let retry = cause.retryAt.map { $0 > Date() ? " (next try in \(age(since: Date(), now: $0)))" : "" } ?? ""
            print("  \(subject)\(cause.reason)\(cause.message.isEmpty ? "" : ": \(cause.message)")\(retry)")
        }
        if explanation.causes.isEmpty { print("  berthd has not begun with it yet") }
    }

    /// The daemon's own answer, or, when it is down, the same question put to the ledger.
    private func explanation() async throws -> PodExplanation {
        let (namespace, pod) = name.identity
        do {
            return try await node.api().value(path: "/berth/v1/why/\(namespace.escaped)/\(pod.escaped)")
        } catch let failure as Failure where failure.message.hasPrefix("berthd does not answer") {
            let row = try PodRow.find(name, in: try node.ledger())
            var explanation = PodExplanation(
                of: row.pod, record: row.record ?? PodRecord(startTime: row.entry.admittedAt), status: row.status, objectsAreKnown: true, now: Date())
            explanation.causes.insert(PodExplanation.Cause(container: "", reason: "DaemonDown", message: "berthd is not running; this is what it last knew"), at: 0)
            return explanation
        }
    }
}
