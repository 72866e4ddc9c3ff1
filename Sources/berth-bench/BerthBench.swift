import ArgumentParser
@preconcurrency import Glibc  // `stdout` is a variable to the importer, though nobody sets it

@main
struct BerthBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "berth-bench", abstract: "Measures Berth beside other runtimes on this machine.", subcommands: [Launch.self, Pods.self, Probes.self])

    /// Whoever reads the figures through a pipe sees each when it is there.
    static func printByLine() { setlinebuf(stdout) }
}

struct Launch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Create-to-exit of one static binary from an unpacked image, for Berth, crun and runc, interleaved.")

    @Option(help: "Launches of each runtime.") var count = 200
    @Option(help: "The berth-pod to measure.") var supervisor: String
    @Option(help: "A statically linked program that the container runs as `true`.") var program = "/bin/busybox"

    func run() async throws {
        BerthBench.printByLine()
        try await LaunchBenchmark(count: count, supervisor: supervisor, program: program).run()
    }
}

/// Where a benchmark's node is, and what its pods run.
struct NodeArguments: ParsableArguments {
    @Option(help: "Directory with berthd, berthctl and berth-pod.") var programs: String
    @Option(help: "Empty directory for the node.") var root: String
    @Option(help: "Archive of an image that has busybox.") var archive: String
    @Option(help: "The image's name.") var image: String

    func node(maxPods: Int) -> BenchNode { BenchNode(root: root, programs: programs, archive: archive, maxPods: maxPods) }
}

struct Pods: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "POST-to-Ready, memory, CPU at rest and recovery of pods on a standalone node of its own.")

    @Option(help: "Pods made one after the other.") var single = 30
    @Option(help: "Pods made at once.") var burst = 30
    @Option(help: "How often they are made at once; the median counts.") var bursts = 5
    @Option(help: "Seconds of rest over which CPU time is counted.") var rest = 30
    @Flag(help: "Pods with an init container, probes, an emptyDir, a ConfigMap and a claim.") var full = false
    @OptionGroup var place: NodeArguments

    func validate() throws {
        if burst < 1 || bursts < 1 { throw ValidationError("--burst and --bursts must be at least 1") }
    }

    func run() async throws {
        BerthBench.printByLine()
        let node = place.node(maxPods: max(110, burst))
        try await PodsBenchmark(single: single, burst: burst, bursts: bursts, shape: full ? .full : .plain, image: place.image, node: node, restSeconds: rest).run()
    }
}

struct Probes: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "CPU time that one probe every ten seconds costs with many pods.")

    @Option(help: "Pods.") var count = 500
    @Option(help: "Kind of the probe: httpGet, tcpSocket or exec.") var kind = PodShape.ProbeKind.httpGet
    @Option(help: "Seconds over which CPU time is counted.") var seconds = 60
    @OptionGroup var place: NodeArguments

    func run() async throws {
        BerthBench.printByLine()
        let node = place.node(maxPods: count)
        try await ProbesBenchmark(count: count, kind: kind, image: place.image, node: node, seconds: seconds).run()
    }
}

extension PodShape.ProbeKind: ExpressibleByArgument {}
