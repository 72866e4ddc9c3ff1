import Glibc
import KubeAPI
import KubeClient
import LinuxSystem

/// What probing costs: many pods, each with one probe every ten seconds, on a standalone node of its own.
struct ProbesBenchmark {
    let count: Int
    let kind: PodShape.ProbeKind
    let image: String
    let node: BenchNode
    let seconds: Int

    /// Made at once; what is measured comes later.
    private static let wave = 25

    func run() async throws {
        try node.start()
        defer { node.end() }
        let bench = PodBench(client: try await node.client(), image: image, shape: .probed(kind))
        let following = Task { await bench.follow() }
        defer { following.cancel() }
        for begin in stride(from: 0, to: count, by: Self.wave) {
            _ = try await bench.start(min(Self.wave, count - begin), named: "probed-\(begin)")
        }
        print("\(count) pods Ready")
        // What their starts have left to do is not what is measured.
        try await Task.sleep(for: .seconds(10))
        let (before, begin) = (try node.cpuTime(), ContinuousClock.now)
        try await Task.sleep(for: .seconds(seconds))  // what is measured is what happens meanwhile
        let (after, elapsed) = (try node.cpuTime(), (ContinuousClock.now - begin).milliseconds / 1000)
        let daemon = (after.daemon - before.daemon) / elapsed * 100
        let supervisors = (after.supervisors - before.supervisors) / elapsed * 100
        print("CPU with \(count) pods and one \(kind.rawValue) probe each every 10 s, over \(seconds) s:")
        print("  berthd \(rounded(daemon)) %, supervisors with the commands of the probes \(rounded(supervisors)) % of one core")
        print("  together \(rounded(daemon + supervisors)) %, goal 2 %: \(daemon + supervisors <= 2 ? "met" : "missed")")
        let memory = try ProcessMemory(pid: node.daemon())
        print("daemon: \(rounded(Double(memory.resident) / 1048576)) MiB RSS with \(count) pods")
    }
}
