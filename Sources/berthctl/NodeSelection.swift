import ArgumentParser
import Glibc
import Ledger
import PodPlanning

/// Which node, and in which form to answer.
struct NodeSelection: ParsableArguments {
    @Option(help: ArgumentHelp("Prefix of the node's paths, as given to berthd.", valueName: "directory"))
    var rootDir = ""

    @Option(name: .shortAndLong, help: "json for programs; a table without it.")
    var output: OutputForm?

    var paths: NodePaths { NodePaths(root: rootDir) }

    /// The node's records, whether or not the daemon runs.
    func ledger() throws -> LedgerReader {
        guard getuid() == 0 else { throw Failure("the ledger is readable by root only", remedy: "run berthctl as root") }
        do {
            return try LedgerReader(path: paths.ledger)
        } catch {
            throw Failure(error)
        }
    }

    func api() throws -> NodeConnection { try NodeConnection(socket: paths.socket) }
}

enum OutputForm: String, ExpressibleByArgument, CaseIterable { case json }

/// A pod by name, or as `namespace/name`.
struct PodName: ParsableArguments {
    @Option(name: .shortAndLong, help: ArgumentHelp("The pod's namespace.", valueName: "namespace"))
    var namespace = "default"

    @Argument(help: ArgumentHelp("The pod, as <name> or <namespace>/<name>.", valueName: "pod"))
    var pod: String

    var identity: (namespace: String, name: String) {
        let halves = pod.split(separator: "/", maxSplits: 1).map(String.init)
        return halves.count == 2 ? (halves[0], halves[1]) : (namespace, pod)
    }
}
