import FoundationEssentials
import KubeAPI
import Ledger
import NodeAgent
import PodPlanning

/// A pod as the ledger remembers it.
struct PodRow {
    let entry: PodEntry
    let pod: Pod
    let status: PodStatus
    let record: PodRecord?

    init(_ entry: PodEntry) throws {
        self.entry = entry
        pod = try entry.pod()
        status = try entry.status.map { try JSONDecoder().decode(PodStatus.self, from: $0) } ?? PodStatus()
        record = try entry.record.map { try PodMemory(stored: $0).record }
    }

    static func all(_ ledger: LedgerReader) throws -> [PodRow] {
        let entries = try ledger.read { try $0.pods() }
        return try entries.map(PodRow.init).sorted { ($0.entry.namespace, $0.entry.name) < ($1.entry.namespace, $1.entry.name) }
    }

    static func find(_ name: PodName, in ledger: LedgerReader) throws -> PodRow {
        let (namespace, pod) = name.identity
        guard let entry = try ledger.read({ try $0.pod(namespace: namespace, name: pod) }) else {
            throw Failure("pod \(namespace)/\(pod) is not in this node's ledger", remedy: "berthctl pods lists those that are")
        }
        return try PodRow(entry)
    }

    var isReady: Bool { status.conditions.contains { $0.type == "Ready" && $0.status == "True" } }
    var readyCount: String { "\(status.containerStatuses.filter(\.ready).count)/\(pod.spec.containers.count)" }
    var restarts: Int { status.containerStatuses.map(\.restartCount).reduce(0, +) }

    /// The word kubectl shows under STATUS, as far as the node can tell.
    var word: String {
        if pod.metadata.deletionTimestamp != nil || entry.state == .deleting { return "Terminating" }
        for container in status.initContainerStatuses + status.containerStatuses {
            if let waiting = container.state.waiting, !["PodInitializing", "ContainerCreating"].contains(waiting.reason) { return waiting.reason }
        }
        return status.reason.isEmpty ? status.phase : status.reason
    }
}
