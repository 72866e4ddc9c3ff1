import ArgumentParser
import FoundationEssentials
import KubeAPI
import Ledger
import LinuxSystem
import PodPlanning

/// One line a container.
struct Ps: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the containers of this node.")

    @OptionGroup var node: NodeSelection

    @Flag(name: .shortAndLong, help: "Also those that have ended.")
    var all = false

    private struct Row: Encodable {
        var namespace: String
        var pod: String
        var container: String
        var id: String
        var state: String
        var exitCode: Int?
        var restarts: Int
        var startedAt: Date?
        var image: String
    }

    func run() async throws {
        let ledger = try node.ledger()
        var rows: [Row] = []
        for pod in try PodRow.all(ledger) {
            for name in pod.pod.containerNames {
                guard let progress = pod.record?.containers[name], let run = progress.current else {
                    rows.append(
                        Row(
                            namespace: pod.entry.namespace, pod: pod.entry.name, container: name, id: "", state: pod.record == nil ? "Pending" : "Waiting",
                            restarts: 0, image: ""))
                    continue
                }
                rows.append(
                    Row(
                        namespace: pod.entry.namespace, pod: pod.entry.name, container: name, id: run.id,
                        state: run.end.map(\.reason) ?? "Running", exitCode: run.end?.exitCode, restarts: progress.restartCount,
                        startedAt: run.startedAt, image: run.image))
            }
        }
        if !all { rows.removeAll { $0.exitCode != nil } }
        if node.output == .json { return try printJSON(rows) }
        var table = TextTable("NAMESPACE", "POD", "CONTAINER", "ID", "STATE", "RESTARTS", "AGE", "IMAGE")
        for row in rows {
            table.add(
                row.namespace, row.pod, row.container, String(row.id.prefix(12)), row.exitCode.map { "\(row.state) (\($0))" } ?? row.state,
                "\(row.restarts)", row.startedAt.map { age(since: $0) } ?? "", row.image)
        }
        print(table.text)
    }
}

extension Pod {
    var containerNames: [String] { (spec.initContainers + spec.containers + spec.ephemeralContainers).map(\.name) }
}
