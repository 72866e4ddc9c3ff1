import FoundationEssentials
import KubeAPI
import Ledger
import Logging
import PodPlanning

/// When nothing of the pod runs any more: everything of it on this node goes, and then its object.
extension PodWorker {
    /// Cleans up once nothing else is being done for the pod; its setup and its image pulls are broken off.
    func finishWhenQuiet(_ now: Date) -> [Date] {
        for (kind, task) in work where kind == .setUp || pulling.union(runningPostStart).contains(kind.container ?? "") { task.cancel() }
        if work.keys.contains(where: { $0 != .finish }) { return [] }
        if let finishRetryAt, finishRetryAt.isAwaited(at: now) { return [finishRetryAt] }
        begin(.finish) { await $0.finish() }
        return []
    }

    /// Everything of the pod on this node goes; what cannot go yet is tried again.
    private func finish() async {
        do {
            try await tearDown()
            finishRetryAt = nil
            memory.record.isTerminal = true
            memory.isCleanedUp = true
            await persist()
            if isDeleted, !isGoneUpstream { await askForDeletion() }
        } catch {
            finishRetryAt = Date().addingTimeInterval(5)
            logger.warning("pod not cleaned up yet", metadata: ["error": "\(error)"])
            node.events.record(.warning, "FailedKillPod", "error killing pod: \(error)", about: pod)
        }
    }

    /// After the last status, in the same outbox: the API server sees the end before the object goes.
    func askForDeletion() async {
        let reference = PodReference(pod)
        hasAskedForDeletion = await commit { try $0.send(.deletion(reference), at: Date()) }
        finishRetryAt = hasAskedForDeletion ? nil : Date().addingTimeInterval(5)
        node.outbox.kick(.deletion, key: reference.uid)
    }
}

extension PodWorker.Work {
    var container: String? {
        switch self {
        case .start(let name): name
        case .setUp, .stop, .resize, .probe, .refreshVolumes, .reconnect, .finish, .record, .recordSetUp: nil
        }
    }
}
