import ArgumentParser
import FoundationEssentials
import KubeAPI
import Ledger

struct Pods: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the pods of this node.")

    @OptionGroup var node: NodeSelection

    func run() async throws {
        let rows = try PodRow.all(try node.ledger())
        if node.output == .json {
            return try printJSON(
                rows.map { row in
                    var pod = row.pod
                    pod.status = row.status
                    return pod
                })
        }
        var table = TextTable("NAMESPACE", "NAME", "READY", "STATUS", "RESTARTS", "IP", "AGE")
        for row in rows {
            table.add(
                row.entry.namespace, row.entry.name, row.readyCount, row.word, "\(row.restarts)", row.status.podIP,
                age(since: row.entry.admittedAt))
        }
        print(table.text)
    }
}

/// Everything the ledger has on one pod.
struct Inspect: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show all that the node knows of one pod, as JSON.")

    @OptionGroup var node: NodeSelection
    @OptionGroup var name: PodName

    private struct Report: Encodable {
        struct Volume: Encodable {
            var name: String
            var kind: String
            var state: String
            var path: String
        }
        struct Network: Encodable {
            var name: String
            var ips: [String]
        }
        var pod: Pod
        var admittedAt: Date
        var state: String
        var bootID: String
        var volumes: [Volume]
        var network: Network?
        var supervisorPID: Int32?
    }

    func run() async throws {
        let ledger = try node.ledger()
        let row = try PodRow.find(name, in: ledger)
        var pod = row.pod
        pod.status = row.status
        let report = try ledger.read { snapshot in
            Report(
                pod: pod, admittedAt: row.entry.admittedAt, state: row.entry.state.rawValue, bootID: row.entry.bootID,
                volumes: try snapshot.publications(of: row.entry.uid).map {
                    Report.Volume(name: $0.volumeName, kind: $0.kind, state: $0.state.rawValue, path: $0.path)
                },
                network: try snapshot.network(of: row.entry.uid).map { Report.Network(name: $0.network, ips: $0.ips) },
                supervisorPID: try snapshot.sandboxes(of: row.entry.uid).last { $0.state == .ready }?.pid)
        }
        try printJSON(report)
    }
}
