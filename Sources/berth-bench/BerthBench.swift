import ArgumentParser

@main
struct BerthBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "berth-bench", abstract: "Measures Berth beside other runtimes on this machine.", subcommands: [Launch.self, Pods.self])
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

struct Pods: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "POST-to-Ready, memory, CPU at rest and recovery of pods on a standalone node of its own.")

    @Option(help: "Pods made one after the other.") var single = 30
    @Option(help: "Pods made at once.") var burst = 30
    @Option(help: "Seconds of rest over which CPU time is counted.") var rest = 30
    @Option(help: "Directory with berthd, berthctl and berth-pod.") var programs: String
    @Option(help: "Empty directory for the node.") var root: String
    @Option(help: "Archive of an image that has sleep(1).") var archive: String
    @Option(help: "The image's name.") var image: String

    func run() async throws {
        let node = BenchNode(root: root, programs: programs, archive: archive)
        try await PodsBenchmark(single: single, burst: burst, image: image, node: node, restSeconds: rest).run()
    }
}
