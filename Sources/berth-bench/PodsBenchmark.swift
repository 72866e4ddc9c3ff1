import FoundationEssentials
import Glibc
import KubeAPI
import KubeClient
import LinuxSystem
import Logging
import Synchronization

/// What a pod costs on a standalone node of its own: time from POST to Ready, memory, CPU at rest, and the time until every
/// pod is managed again after the daemon was killed. Everything is measured from outside, as a user would see it.
struct PodsBenchmark {
    let single: Int
    let burst: Int
    let image: String
    let node: BenchNode
    let restSeconds: Int

    /// What kubelet 1.36 with containerd 2 and runc was seen to need on a machine of this size, for comparison.
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
        let client = try await node.client()
        let readiness = Readiness()
        let following = Task { await Informer(Pod.self, client: client, in: "default").run { readiness.note($0) } }
        defer { following.cancel() }

        var alone: [Double] = []
        for index in 0..<single {
            let name = "one-\(index)"
            alone.append(try await readyTime(of: name, client, readiness))
            try await client.delete(Pod.self, named: name, in: "default", gracePeriodSeconds: 0)
            await readiness.gone(name)
        }
        report("POST to Ready, one pod at a time (\(single))", alone, rival: ("p50", percentile(alone, 50), Rival.one))

        let together = try await withThrowingTaskGroup(of: Double.self) { group in
            for index in 0..<burst { group.addTask { try await readyTime(of: "burst-\(index)", client, readiness) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        report("POST to Ready, \(burst) pods at once", together, rival: ("p99", percentile(together, 99), Rival.burstP99))

        let pods = try node.supervisors().map(ProcessMemory.init)
        let pss = Double(pods.map(\.proportional).reduce(0, +)) / Double(max(pods.count, 1)) / 1048576
        let own = Double(pods.map(\.dirty).reduce(0, +)) / Double(max(pods.count, 1)) / 1048576
        print("memory per pod (everything of Berth that exists per pod): \(rounded(pss)) MiB proportional, \(rounded(own)) MiB private")
        print("  ratio to kubelet + containerd + runc as seen (\(Rival.podPSS) MiB): \(rounded(pss / Rival.podPSS))")
        let daemon = try ProcessMemory(pid: node.daemon())
        print("daemon: \(rounded(Double(daemon.resident) / 1048576)) MiB RSS, \(rounded(Double(daemon.dirty) / 1048576)) MiB private")
        print("  ratio to kubelet + containerd as seen (\(Rival.daemonRSS) MiB): \(rounded(Double(daemon.resident) / 1048576 / Rival.daemonRSS))")

        let before = try node.cpuSeconds()
        try await Task.sleep(for: .seconds(restSeconds))  // what is measured is the rest itself
        let percent = (try node.cpuSeconds() - before) / Double(restSeconds) * 100
        print("CPU at rest with \(burst) idle pods, daemon and supervisors, over \(restSeconds) s: \(rounded(percent)) % of one core")
        print("  ratio to kubelet + containerd as seen (\(Rival.restPercent) %): \(rounded(percent / Rival.restPercent))")

        let recovery = try await node.killAndRecover(pods: burst)
        print("kill -9 of berthd until all \(burst) pods are managed again: \(rounded(recovery)) ms after the start of the new one")
    }

    private func readyTime(of name: String, _ client: KubeClient, _ readiness: Readiness) async throws -> Double {
        var container = Container()
        container.name = "main"
        container.image = image
        container.imagePullPolicy = "IfNotPresent"
        container.command = ["sleep", "1000000"]
        var pod = Pod()
        pod.metadata = ObjectMeta(name: name, namespace: "default")
        pod.spec.containers = [container]
        pod.spec.terminationGracePeriodSeconds = 0
        let start = ContinuousClock.now
        _ = try await client.create(pod)
        let ready = await readiness.ready(name)
        return (ready - start).milliseconds
    }

    private func report(_ title: String, _ times: [Double], rival: (name: String, value: Double, seen: Double)) {
        let marks = [50, 90, 99].map { "p\($0) \(rounded(percentile(times, $0)))" }.joined(separator: "   ")
        print("\(title), ms: \(marks)")
        print("  ratio to kubelet + containerd + runc as seen (\(rival.name) \(rival.seen) ms): \(rounded(rival.value / rival.seen))")
    }

    private func percentile(_ values: [Double], _ rank: Int) -> Double {
        let sorted = values.sorted()
        return sorted.isEmpty ? 0 : sorted[min(sorted.count - 1, sorted.count * rank / 100)]
    }
}

/// When pods became Ready, and when they went, as a watch tells it.
final class Readiness: Sendable {
    private struct State {
        var ready: [String: ContinuousClock.Instant] = [:]
        var present: Set<String> = []
        var waiters: [String: CheckedContinuation<Void, Never>] = [:]
    }
    private let state = Mutex(State())

    func note(_ change: InformerChange<Pod>) {
        let now = ContinuousClock.now
        let woken: [CheckedContinuation<Void, Never>] = state.withLock { state in
            var touched: [String] = []
            func apply(_ pod: Pod) {
                let name = pod.metadata.name
                state.present.insert(name)
                guard pod.status.conditions.contains(where: { $0.type == "Ready" && $0.status == "True" }) else { return }
                if state.ready[name] == nil { state.ready[name] = now }
                touched.append(name)
            }
            switch change {
            case .replaced(let pods): for pod in pods { apply(pod) }
            case .applied(let pod): apply(pod)
            case .deleted(let pod):
                state.present.remove(pod.metadata.name)
                state.ready[pod.metadata.name] = nil
                touched.append("-" + pod.metadata.name)
            }
            return touched.compactMap { state.waiters.removeValue(forKey: $0) }
        }
        for waiter in woken { waiter.resume() }
    }

    func ready(_ name: String) async -> ContinuousClock.Instant {
        await wait(for: name) { $0.ready[name] != nil }
        return state.withLock { $0.ready[name] } ?? .now
    }

    func gone(_ name: String) async { await wait(for: "-" + name) { !$0.present.contains(name) } }

    private func wait(for key: String, until isMet: @Sendable (borrowing State) -> Bool) async {
        await withCheckedContinuation { continuation in
            let isMetAlready = state.withLock { state in
                if isMet(state) { return true }
                state.waiters[key] = continuation
                return false
            }
            if isMetAlready { continuation.resume() }
        }
    }
}
