import ArgumentParser
import FoundationEssentials
import Glibc
import KubeAPI
import Ledger

struct Exec: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Run a command in a container.", discussion: "Put -- before the command.")

    @OptionGroup var node: NodeSelection
    @Option(name: .shortAndLong, help: ArgumentHelp("The pod's namespace.", valueName: "namespace")) var namespace = "default"
    @Option(name: .shortAndLong, help: "The container; the pod's first without it.") var container: String?
    @Flag(name: [.customShort("i"), .long], help: "Pass standard input on.") var stdin = false
    @Flag(name: .shortAndLong, help: "Give the command a terminal.") var tty = false
    @Argument(help: ArgumentHelp("The pod, as <name> or <namespace>/<name>.", valueName: "pod")) var pod: String
    @Argument(help: "The command and its arguments.") var command: [String]

    func run() async throws {
        let halves = pod.split(separator: "/", maxSplits: 1).map(String.init)
        let (space, name) = halves.count == 2 ? (halves[0], halves[1]) : (namespace, pod)
        let container = try container ?? first(space, name)
        var query = command.map { "command=\($0.escaped)" } + ["output=1"]
        query.append(tty ? "tty=1" : "error=1")
        if stdin { query.append("input=1") }
        let path = "/exec/\(space.escaped)/\(name.escaped)/\(container.escaped)?" + query.joined(separator: "&")
        let connection = try node.api()
        let terminal = tty && isatty(STDIN_FILENO) == 1 ? RawTerminal() : nil
        defer { terminal?.restore() }
        let stream = ExecStream(socket: connection.socket, path: path, sendsInput: stdin, size: terminal.map { _ in RawTerminal.size() })
        let code = try await stream.run()
        terminal?.restore()
        if code != 0 { throw ExitCode(Int32(code)) }
    }

    private func first(_ namespace: String, _ name: String) throws -> String {
        guard let entry = try node.ledger().read({ try $0.pod(namespace: namespace, name: name) }) else {
            throw Failure("pod \(namespace)/\(name) is not in this node's ledger", remedy: "berthctl pods lists those that are")
        }
        guard let container = try entry.pod().spec.containers.first else { throw Failure("pod \(namespace)/\(name) has no containers") }
        return container.name
    }
}
