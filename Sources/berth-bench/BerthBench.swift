import ArgumentParser

@main
struct BerthBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "berth-bench", abstract: "Measures Berth beside other runtimes on this machine.", subcommands: [Launch.self])
}

struct Launch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Create-to-exit of one static binary from an unpacked image, for Berth, crun and runc, interleaved.")

    @Option(help: "Launches of each runtime.") var count = 200
    @Option(help: "The berth-pod to measure.") var supervisor: String
    @Option(help: "A statically linked program that the container runs as `true`.") var program = "/bin/busybox"

    func run() async throws {
        try await LaunchBenchmark(count: count, supervisor: supervisor, program: program).run()
    }
}
