import ArgumentParser
import Glibc
import KubeAPI
import Logging

/// The node agent. Reads its flags, builds the graph of parts, and runs it.
@main
struct Berthd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "berthd",
        abstract: "Runs the pods of this node, for a Kubernetes cluster or standalone.",
        discussion: """
            With --kubeconfig the node joins the cluster that the file names. With --standalone it serves the Kubernetes API itself; \
            its administrator's kubeconfig is then /etc/berth/admin.kubeconfig.
            """,
        version: Version.berth)

    @OptionGroup var options: NodeOptions

    func validate() throws { try options.check() }

    func run() async throws {
        let level = options.logLevel
        LoggingSystem.bootstrap { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = level
            return handler
        }
        let logger = Logger(label: "berthd")
        do {
            try await Daemon(options: options, logger: logger).run()
        } catch let error as any ActionableError {
            fail(error.description, remedy: error.remedy)
        } catch {
            fail("\(error)", remedy: nil)
        }
    }

    private func fail(_ description: String, remedy: String?) -> Never {
        let text = Array(("berthd: \(description)\n" + (remedy.map { "  try: \($0)\n" } ?? "")).utf8)
        write(STDERR_FILENO, text, text.count)
        Glibc.exit(1)
    }
}

enum Version {
    static let berth = "0.1.0"
    /// The Kubernetes release whose node contract Berth keeps.
    static let kubelet = "v1.36.0"
}
