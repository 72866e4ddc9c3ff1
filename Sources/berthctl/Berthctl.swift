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

    static func main() async {
        do {
            var command = try parseAsRoot()
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
