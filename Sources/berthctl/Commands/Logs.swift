import ArgumentParser
import Glibc
import KubeAPI
import Ledger
import NIOCore
import NIOHTTP1

struct Logs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print the log of a container.")

    @OptionGroup var node: NodeSelection
    @OptionGroup var name: PodName
    @Option(name: .shortAndLong, help: "The container; the pod's first without it.") var container: String?
    @Flag(name: .shortAndLong, help: "Go on as the log grows.") var follow = false
    @Flag(name: .shortAndLong, help: "The log of the run before.") var previous = false
    @Flag(help: "Begin each line with its time.") var timestamps = false
    @Option(help: "Only the last lines.") var tail: Int?

    func run() async throws {
        let (namespace, pod) = name.identity
        let container = try container ?? firstContainer()
        var query = ["follow=\(follow)", "previous=\(previous)", "timestamps=\(timestamps)"]
        if let tail { query.append("tailLines=\(tail)") }
        let path = "/containerLogs/\(namespace.escaped)/\(pod.escaped)/\(container.escaped)?" + query.joined(separator: "&")
        try await node.api().stream(.GET, path) { bytes in
            var rest = Array(bytes.readableBytesView)[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
                guard count > 0 else { throw ExitCode.failure }
                rest = rest.dropFirst(count)
            }
        }
    }

    private func firstContainer() throws -> String {
        let row = try PodRow.find(name, in: try node.ledger())
        guard let first = row.pod.spec.containers.first else { throw Failure("pod \(row.entry.name) has no containers") }
        return first.name
    }
}
