import KubeAPI
import KubeClient
import Synchronization

/// As much of a pod as is waited for: to take each version of it apart whole would take time from what is measured.
struct WatchedPod: KubeObject {
    static let apiVersion = Pod.apiVersion
    static let kind = Pod.kind
    static let resource = Pod.resource

    struct Status: Codable {
        var phase: String?
        var conditions: [PodCondition]?
    }

    var metadata: ObjectMeta
    var status: Status?

    var conditions: [PodCondition] { status?.conditions ?? [] }
    var isReady: Bool { conditions.hasReady }

    /// Phase, and conditions that do not hold.
    var shortcomings: String {
        let missing = conditions.filter { $0.status != "True" }.map { "\($0.type) \($0.status) \($0.reason) \($0.message)" }
        return ([status?.phase ?? "no phase"] + missing).joined(separator: "; ")
    }
}

extension [PodCondition] {
    var hasReady: Bool { contains { $0.type == "Ready" && $0.status == "True" } }
}

/// When pods became Ready and when they went, as a watch tells it, by UID: a name may be used again.
final class Readiness: Sendable {
    fileprivate struct State {
        var pods: [String: WatchedPod] = [:]
        var ready: [String: ContinuousClock.Instant] = [:]
        var gone: Set<String> = []
        var waiters: [Int: Waiter] = [:]
        var nextWaiter = 0
    }

    fileprivate struct Waiter {
        let uid: String
        let end: End
        let continuation: CheckedContinuation<Void, any Error>
    }

    fileprivate enum End { case ready, gone }

    private let state = Mutex(State())

    func note(_ change: InformerChange<WatchedPod>) {
        let now = ContinuousClock.now
        let woken = state.withLock { state in
            switch change {
            case .replaced(let pods, _):
                state.gone.formUnion(Set(state.pods.keys).subtracting(pods.map(\.metadata.uid)))
                for pod in pods { state.apply(pod, at: now) }
            case .applied(let pod): state.apply(pod, at: now)
            case .deleted(let pod): state.gone.insert(pod.metadata.uid)
            }
            return state.takeSatisfied()
        }
        for waiter in woken { waiter.continuation.resume() }
    }

    /// - Returns: when its Ready condition was first seen to be true.
    /// - Throws: after `limit`, with what the pod still lacks.
    func ready(_ pod: WatchedPod, within limit: Duration) async throws -> ContinuousClock.Instant {
        try await wait(for: .ready, of: pod, within: limit)
        return state.withLock { $0.ready[pod.metadata.uid] } ?? .now
    }

    /// - Throws: after `limit`.
    func gone(_ pod: WatchedPod, within limit: Duration) async throws { try await wait(for: .gone, of: pod, within: limit) }

    private func wait(for end: End, of pod: WatchedPod, within limit: Duration) async throws {
        let uid = pod.metadata.uid
        let id = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        // Ends here, with the wait.
        let alarm = Task {
            do { try await Task.sleep(for: limit) } catch { return }
            let late = self.state.withLock { state in state.waiters.removeValue(forKey: id).map { ($0, state.description(of: pod)) } }
            let wanted = end == .ready ? "Ready" : "gone"
            late?.0.continuation.resume(throwing: BenchFailure("\(pod.metadata.name) not \(wanted) within \(limit): \(late?.1 ?? "")"))
        }
        defer { alarm.cancel() }
        try await withCheckedThrowingContinuation { continuation in
            let woken = state.withLock { state in
                state.waiters[id] = Waiter(uid: uid, end: end, continuation: continuation)
                return state.takeSatisfied()
            }
            for waiter in woken { waiter.continuation.resume() }
        }
    }
}

extension Readiness.State {
    fileprivate mutating func apply(_ pod: WatchedPod, at now: ContinuousClock.Instant) {
        pods[pod.metadata.uid] = pod
        if pod.isReady, ready[pod.metadata.uid] == nil { ready[pod.metadata.uid] = now }
    }

    fileprivate mutating func takeSatisfied() -> [Readiness.Waiter] {
        let ids = waiters.filter { $0.value.end == .ready ? ready[$0.value.uid] != nil : gone.contains($0.value.uid) }.keys
        return ids.compactMap { waiters.removeValue(forKey: $0) }
    }

    fileprivate func description(of pod: WatchedPod) -> String { pods[pod.metadata.uid]?.shortcomings ?? "the watch never showed it" }
}
