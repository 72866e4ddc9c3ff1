import FoundationEssentials
import KubeAPI
import PodPlanning
import Testing

/// A node without a machine: does at once what `podActions` says, and lets a test end containers and pass time.
struct PodWorld {
    var pod: Pod
    var record: PodRecord
    var now = Date(timeIntervalSince1970: 1_000_000)
    /// Everything that was done, such as `sandbox 0`, `start a`, `kill a`, `finish`.
    private(set) var log: [String] = []
    private var killed: Set<String> = []

    init(_ spec: String, metadata: String = "") throws {
        pod = try PodPlanningTests.pod(spec, metadata: metadata)
        record = PodRecord(startTime: now)
    }

    /// Performs actions until there is nothing left to do but wait; what it did is returned.
    @discardableResult
    mutating func settle() -> [String] {
        let before = log.count
        for _ in 0..<100 {
            let actions = podActions(for: pod, record: record, now: now).filter { if case .wake = $0 { false } else { true } }
            let fresh = actions.filter { if case .kill(let name, _) = $0 { !killed.contains(name) } else { true } }
            if fresh.isEmpty { break }
            for action in fresh { perform(action) }
        }
        return Array(log[before...])
    }

    var wake: Date? {
        podActions(for: pod, record: record, now: now).compactMap { if case .wake(let date) = $0 { date } else { nil } }.first
    }

    mutating func end(_ name: String, code: Int, after seconds: Double = 0) {
        now += seconds
        killed.remove(name)
        record[container: name].ended(ContainerEnd(exitCode: code, oomKilled: false, finishedAt: now))
    }

    mutating func started(_ name: String) { record[container: name].isStarted = true }
    mutating func delete() { pod.metadata.deletionTimestamp = Timestamp(now) }
    mutating func reboot() { record.sandboxLost(at: now) }
    var status: PodStatus { podStatus(of: pod, from: record, hostIPs: ["192.0.2.1"], now: now) }

    private mutating func perform(_ action: PodAction) {
        switch action {
        case .createSandbox(let attempt):
            log.append("sandbox \(attempt)")
            record.sandboxReady(attempt: attempt, podIPs: ["10.88.0.5"])
        case .start(let name):
            log.append("start \(name)")
            let attempt = record[container: name].nextAttempt
            var run = ContainerRun(
                id: "\(name)\(attempt)", attempt: attempt, sandboxAttempt: record.sandbox.attempt, image: "i", imageID: "sha256:1", startedAt: now)
            run.round = record.round
            record[container: name].started(run)
            let isSidecar = pod.spec.initContainers.contains { $0.name == name && $0.isSidecar }
            record[container: name].isStarted = !isSidecar
        case .kill(let name, _):
            log.append("kill \(name)")
            killed.insert(name)
        case .restartAll:
            log.append("restart all")
            record.beginRound()
        case .fail(let failure):
            log.append("fail \(failure.reason)")
            record.failure = failure
        case .finish:
            log.append("finish")
            record.isTerminal = true
        case .wake: break
        }
    }
}
