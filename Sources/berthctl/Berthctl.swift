import ArgumentParser
import Glibc

/// The node's own debug tool: works beside the daemon, and for the most part without it.
@main
struct Berthctl: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "berthctl", abstract: "Look at a Berth node, and into its pods, from the node itself.",
        discussion: "ps, pods, inspect, volumes, why and doctor read the node's ledger and also work while berthd is down.",
        subcommands: [
            Ps.self, Pods.self, Inspect.self, Logs.self, Exec.self, Images.self, Image.self, Volumes.self, Events.self, Plan.self, Why.self,
            Doctor.self,
        ])

    /// `--root-dir` belongs to the command, and may stand before it as well, where other tools have what says which node is meant.
    static func arguments(_ given: [String]) -> [String] {
        var rest = given[...]
        var leading: [String] = []
        while let first = rest.first, first == "--root-dir" || first.hasPrefix("--root-dir=") {
            let count = first == "--root-dir" ? 2 : 1
            leading += rest.prefix(count)
            rest = rest.dropFirst(count)
        }
        var names: [String] = []
        var commands = configuration.subcommands
        while let name = rest.first, let command = commands.first(where: { $0._commandName == name }) {
            names.append(name)
            rest = rest.dropFirst()
            commands = command.configuration.subcommands
        }
        // Without a command there is only help to be had.
        return names.isEmpty ? Array(rest) : names + leading + rest
    }

    static func main() async {
        do {
            var command = try parseAsRoot(arguments(Array(CommandLine.arguments.dropFirst())))
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch let failure as Failure {
            failure.report()
            Glibc.exit(1)
        } catch {
            exit(withError: error)
        }
    }
}
