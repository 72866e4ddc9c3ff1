import FoundationEssentials
import Glibc
import KubeAPI
import KubeClient
import LinuxSystem

/// What a pod costs on a standalone node of its own: time from POST to Ready, memory, CPU at rest, and the time until every
/// pod is managed again after the daemon was killed. Everything is measured from outside, as a user would see it.
struct PodsBenchmark {
    let single: Int
    let burst: Int
    /// How many times they are made at once: one burst lasts so short that whatever else the machine does in that moment shows.
    let bursts: Int
    let shape: PodShape
    let image: String
    let node: BenchNode
    let restSeconds: Int

    /// What kubelet 1.36 with containerd 2 and runc was seen to need on a machine of this size, with plain pods.
    private enum Rival {
        static let one = 480.0
        static let burstP99 = 3500.0
        static let podPSS = 5.7
        static let daemonRSS = 190.0
        static let restPercent = 11.0
    }

    func run() async throws {
        try node.start()
        defer { node.end() }
        let bench = PodBench(client: try await node.client(), image: image, shape: shape)
        let following = Task { await bench.follow() }
        defer { following.cancel() }
        try await bench.prepare()

        var alone: [Double] = []
        if shape.needsClaim {
            let (first, pod) = try await bench.start("first", claim: "one")
            try await bench.delete(pod)
            print("POST to Ready, one pod with a claim that is made for it, ms: \(rounded(first))")
        }
        for index in 0..<single {
            let (time, pod) = try await bench.start("one-\(index)", claim: "one")
            alone.append(time)
            try await bench.delete(pod)
        }
        report("POST to Ready, one pod at a time (\(single)), ms: \(Marks(alone))", .init("p50", Marks(alone).p50, goal: 60, seen: Rival.one))

        if shape.needsClaim {
            let (times, pods) = try await bench.start(burst, named: "fresh")
            print("POST to Ready, \(burst) pods at once with claims that are made for them, ms: \(Marks(times))")
            try await bench.delete(pods)
        }
        var marks: [Marks] = []
        var work: [Double] = []
        for index in 0..<bursts {
            if index > 0 || shape.needsClaim { try await Task.sleep(for: Self.afterwards) }
            let before = try node.cpuTime()
            let (times, pods) = try await bench.start(burst, named: "burst-\(index)")
            let used = try node.cpuTime() - before
            work.append(used.daemon + used.pods)
            marks.append(Marks(times))
            if index < bursts - 1 { try await bench.delete(pods) }
        }
        marks.sort { $0.p99 < $1.p99 }
        work.sort()
        let middle = marks[marks.count / 2]
        report(
            "POST to Ready, \(burst) pods at once, \(bursts) times, ms: \(middle) in the median burst; p99 of each: "
                + marks.map { "\(rounded($0.p99))" }.joined(separator: " "),
            .init("p99", middle.p99, goal: 600, seen: Rival.burstP99))
        print("CPU time per pod of a burst, daemon with CNI plugins and everything in the pods, ms: \(rounded(work[work.count / 2] * 1000 / Double(burst)))")

        let pods = try node.supervisors().map(ProcessMemory.init)
        let pss = Double(pods.map(\.proportional).reduce(0, +)) / Double(max(pods.count, 1)) / 1048576
        let own = Double(pods.map(\.dirty).reduce(0, +)) / Double(max(pods.count, 1)) / 1048576
        report(
            "memory per pod (everything of Berth that exists per pod): \(rounded(pss)) MiB proportional, \(rounded(own)) MiB private",
            .init("proportional", pss, goal: 0.3, seen: Rival.podPSS))
        let daemon = try ProcessMemory(pid: node.daemon())
        let resident = Double(daemon.resident) / 1048576
        report(
            "daemon: \(rounded(resident)) MiB RSS, \(rounded(Double(daemon.dirty) / 1048576)) MiB private",
            .init("RSS", resident, goal: 60, seen: Rival.daemonRSS))

        try await Task.sleep(for: Self.afterwards)
        let before = try node.cpuTime()
        try await Task.sleep(for: .seconds(restSeconds))  // what is measured is the rest itself
        let used = try node.cpuTime() - before
        let percent = (used.daemon + used.supervisors) / Double(restSeconds) * 100
        report(
            "CPU at rest with \(burst) idle pods, daemon and supervisors, over \(restSeconds) s: \(rounded(percent)) % of one core",
            .init("CPU", percent, goal: 0.5, seen: Rival.restPercent))
        print("  and in the containers, commands of probes included: \(rounded(used.containers / Double(restSeconds) * 100)) %")

        let recovery = try await node.killAndRecover(pods: burst)
        report("kill -9 of berthd until a new one manages all \(burst) pods, ms: \(rounded(recovery))", .init("recovery", recovery, goal: 1000, seen: nil))
    }

    /// The events of starts and ends are still on their way upstream then, one after the other: the node is not at rest yet.
    private static let afterwards = Duration.seconds(10)

    private struct Comparison {
        let name: String
        let value: Double
        let goal: Double
        let seen: Double?

        init(_ name: String, _ value: Double, goal: Double, seen: Double?) {
            (self.name, self.value, self.goal, self.seen) = (name, value, goal, seen)
        }
    }

    private func report(_ title: String, _ comparison: Comparison) {
        print(title)
        let verdict = comparison.value <= comparison.goal ? "met" : "missed"
        let ratio = comparison.seen.map { "; \(rounded(comparison.value / $0)) of what kubelet, containerd and runc were seen to need (\($0))" } ?? ""
        print("  \(comparison.name) \(rounded(comparison.value)), goal \(comparison.goal): \(verdict)\(ratio)")
    }
}

/// Makes and deletes the pods of a benchmark. Every wait has an end, and says then what was missing.
struct PodBench: Sendable {
    let client: KubeClient
    let image: String
    let shape: PodShape
    private let readiness = Readiness()
    private static let patience = Duration.seconds(60)

    init(client: KubeClient, image: String, shape: PodShape) {
        (self.client, self.image, self.shape) = (client, image, shape)
    }

    /// Until cancelled.
    func follow() async { await Informer(WatchedPod.self, client: client, in: "default").run { readiness.note($0) } }

    /// What the pods refer to, and everybody shares.
    func prepare() async throws {
        if shape.needsClaim { _ = try await client.create(try PodShape.configMap()) }
    }

    /// - Parameter claim: made when it does not exist yet.
    /// - Returns: milliseconds from POST to Ready.
    func start(_ name: String, claim: String) async throws -> (Double, WatchedPod) {
        if shape.needsClaim { try await makeClaim(claim) }
        return try await start(try manifest(name, claim: claim))
    }

    private func start(_ manifest: [UInt8]) async throws -> (Double, WatchedPod) {
        let start = ContinuousClock.now
        let pod = try await post(manifest)
        return ((try await readiness.ready(pod, within: Self.patience) - start).milliseconds, pod)
    }

    /// - Returns: who it is; the rest of the answer is not asked for.
    private func post(_ manifest: [UInt8]) async throws -> WatchedPod {
        let answer = try await client.perform(
            .post, ResourcePath(Pod.self, namespace: "default"), body: manifest, contentType: "application/json",
            accept: "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1")
        return try JSONDecoder().decode(WatchedPod.self, from: Data(answer))
    }

    private func manifest(_ name: String, claim: String) throws -> [UInt8] {
        [UInt8](try JSONEncoder().encode(try shape.pod(name, image: image, claim: claim)))
    }

    /// All at once, each with a claim of its own. What they are made from is ready before the first is posted.
    func start(_ count: Int, named prefix: String) async throws -> ([Double], [WatchedPod]) {
        let claims = (0..<count).map { "burst-\($0)" }
        if shape.needsClaim { for claim in claims { try await makeClaim(claim) } }
        let manifests = try claims.enumerated().map { try manifest("\(prefix)-\($0.offset)", claim: $0.element) }
        return try await withThrowingTaskGroup(of: (Double, WatchedPod).self) { group in
            for manifest in manifests { group.addTask { try await start(manifest) } }
            return try await group.reduce(into: ([], [])) { all, one in
                all.0.append(one.0)
                all.1.append(one.1)
            }
        }
    }

    private func makeClaim(_ name: String) async throws {
        let claim = try PodShape.claim(name)
        do throws(KubeClientError) { _ = try await client.create(claim) } catch where error.isAlreadyExists {}
    }

    func delete(_ pod: WatchedPod) async throws {
        try await client.delete(Pod.self, named: pod.metadata.name, in: "default", gracePeriodSeconds: 0)
        try await readiness.gone(pod, within: Self.patience)
    }

    func delete(_ pods: [WatchedPod]) async throws {
        try await withThrowingDiscardingTaskGroup { group in for pod in pods { group.addTask { try await delete(pod) } } }
    }
}

/// Percentiles of some times.
struct Marks: CustomStringConvertible {
    private let sorted: [Double]
    init(_ values: [Double]) { sorted = values.sorted() }

    var p50: Double { percentile(50) }
    var p90: Double { percentile(90) }
    var p99: Double { percentile(99) }
    var description: String { "p50 \(rounded(p50))   p90 \(rounded(p90))   p99 \(rounded(p99))" }

    private func percentile(_ rank: Int) -> Double { sorted.isEmpty ? 0 : sorted[min(sorted.count - 1, sorted.count * rank / 100)] }
}
