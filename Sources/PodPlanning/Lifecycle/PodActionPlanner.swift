import FoundationEssentials
import KubeAPI

/// The reasoning behind `podActions`. Source for the rules: Kubernetes documentation, "Pod Lifecycle", "Init
/// Containers" and "Sidecar Containers"; kubelet `computePodActions` for the corners.
struct PodActionPlanner {
    let pod: Pod
    let record: PodRecord
    let now: Date

    private var spec: PodSpec { pod.spec }
    private var generation: Int { record.sandbox.attempt }

    func actions() -> [PodAction] {
        if record.isTerminal { return [] }
        if pod.metadata.deletionTimestamp != nil || record.failure != nil { return endingActions() }
        if let deadline, deadline <= now {
            return [.fail(PodFailure(reason: "DeadlineExceeded", message: "Pod was active on the node longer than the specified deadline"))]
        }
        let actions = record.sandbox.isReady ? containerActions() : sandboxActions()
        return collected(actions + (deadline.map { [.wake(at: $0)] } ?? []))
    }

    private var deadline: Date? { spec.activeDeadlineSeconds.map { record.startTime.addingTimeInterval(Double($0)) } }

    /// Only the earliest wake-up counts, and none beside an action that changes everything.
    private func collected(_ actions: [PodAction]) -> [PodAction] {
        var wakes: [Date] = []
        var others: [PodAction] = []
        for action in actions {
            if case .wake(let date) = action { wakes.append(date) } else { others.append(action) }
        }
        if others.contains(.finish) { return others }
        return others + (wakes.min().map { [.wake(at: $0)] } ?? [])
    }

    // MARK: Sandbox

    private func sandboxActions() -> [PodAction] {
        let ranBefore = spec.containers.contains { record[container: $0.name].current != nil }
        let anyRan = ranBefore || spec.initContainers.contains { record[container: $0.name].current != nil }
        // A pod that may not restart does not get a second sandbox once anything ran in the first.
        if anyRan, generation > 0, !spec.mayRestart { return endingActions() }
        if ranBefore, !spec.containers.contains(where: wantsRun) { return endingActions() }
        if let retry = record.sandboxRetryAt, retry.isAwaited(at: now) { return [.wake(at: retry)] }
        return [.createSandbox(attempt: generation)]
    }

    // MARK: Containers

    private func containerActions() -> [PodAction] {
        if record.isRestartingAll(spec) {
            let running = (spec.initContainers + spec.containers).filter { record[container: $0.name].isRunning }
            return running.isEmpty ? [.restartAll] : running.map { .kill(container: $0.name, .restartingAll) }
        }
        var actions = spec.ephemeralContainers
            .filter { record[container: $0.name].current == nil }
            .flatMap { start($0) }
        switch initialization() {
        case .failed: return endingActions()
        case .ongoing(let more): return actions + more
        case .done(let sidecars):
            let regular = regularActions()
            if regular.isEmpty, !spec.containers.contains(where: { record[container: $0.name].isRunning }) { return endingActions() }
            actions += sidecars + regular
            return actions
        }
    }

    private func regularActions() -> [PodAction] {
        spec.containers.flatMap { container -> [PodAction] in
            let progress = record[container: container.name]
            if progress.isRunning {
                return progress.mustRestart.map { [.kill(container: container.name, $0)] } ?? []
            }
            return wantsRun(container) ? start(container) : []
        }
    }

    /// Not running, and its policy wants it to.
    private func wantsRun(_ container: Container) -> Bool {
        guard let run = record[container: container.name].current, run.round == record.round else { return true }
        guard let end = run.end else { return false }
        return container.restarts(after: end.exitCode, in: spec)
    }

    /// Starts now, or wakes when the back-off or the agent's own delay is over.
    private func start(_ container: Container) -> [PodAction] {
        let progress = record[container: container.name]
        let isVictim = progress.current.map { run in
            run.round != record.round && !container.restartsAll(after: run.end?.exitCode ?? 0)
        } ?? false
        // Who was ended for another's sake does not wait for it.
        let notBefore = isVictim ? progress.retryAt : progress.notBefore(sandboxAttempt: generation)
        return if let notBefore, notBefore.isAwaited(at: now) { [.wake(at: notBefore)] } else { [.start(container: container.name)] }
    }

    // MARK: Init containers

    private enum Initialization {
        case failed
        case ongoing([PodAction])
        /// With what keeps the sidecars running.
        case done([PodAction])
    }

    private func initialization() -> Initialization {
        let hasRun = { (container: Container) in
            guard let run = record[container: container.name].current else { return false }
            return run.sandboxAttempt == generation && run.round == record.round
        }
        let isInitialized = spec.containers.contains(where: hasRun)
        // The last init container that ran in this sandbox is the frontier: before it only sidecars matter.
        guard let frontier = isInitialized ? spec.initContainers.indices.last : spec.initContainers.lastIndex(where: hasRun) else {
            return spec.initContainers.first.map { .ongoing(start($0)) } ?? .done([])
        }
        let sidecars = spec.initContainers[...frontier].reversed().filter(\.isSidecar).flatMap(keepRunning)
        if isInitialized { return .done(sidecars) }

        let container = spec.initContainers[frontier]
        let progress = record[container: container.name]
        if container.isSidecar {
            guard progress.isRunning, progress.isStarted, progress.mustRestart == nil else { return .ongoing(sidecars) }
        } else {
            guard let end = progress.current?.end else {
                let kill = progress.mustRestart.map { [PodAction.kill(container: container.name, $0)] } ?? []
                return .ongoing(sidecars + kill)
            }
            if end.exitCode != 0 {
                return spec.initContainerRestarts(container, after: end.exitCode) ? .ongoing(sidecars + start(container)) : .failed
            }
        }
        let next = frontier + 1
        return next < spec.initContainers.count ? .ongoing(sidecars + start(spec.initContainers[next])) : .done(sidecars)
    }

    private func keepRunning(_ sidecar: Container) -> [PodAction] {
        let progress = record[container: sidecar.name]
        guard progress.isRunning else { return start(sidecar) }
        return progress.mustRestart.map { [.kill(container: sidecar.name, $0)] } ?? []
    }

    // MARK: The end

    /// Regular, plain init and ephemeral containers end together; then the sidecars, one by one, last first; then the sandbox.
    func endingActions() -> [PodAction] {
        let isRunning = { (container: Container) in record[container: container.name].isRunning }
        let first = (spec.containers + spec.initContainers.filter { !$0.isSidecar } + spec.ephemeralContainers).filter(isRunning)
        if !first.isEmpty { return first.map { .kill(container: $0.name, .podEnding) } }
        if let sidecar = spec.initContainers.last(where: { $0.isSidecar && isRunning($0) }) {
            return [.kill(container: sidecar.name, .podEnding)]
        }
        return [.finish]
    }
}

extension PodSpec {
    /// Some container of the pod may be run a second time.
    fileprivate var mayRestart: Bool {
        restartPolicy != "Never" || containers.contains { $0.restartPolicy.map { $0 != "Never" } ?? false || !$0.restartPolicyRules.isEmpty }
    }
}

extension ContainerProgress {
    /// When the next start is allowed; nil is at once. A new sandbox starts without back-off: the end of the old one was
    /// not the container's doing.
    func notBefore(sandboxAttempt: Int) -> Date? {
        if let retryAt { return retryAt }
        guard let run = current, let end = run.end, run.sandboxAttempt == sandboxAttempt, backOff.delay > 0 else { return nil }
        return end.finishedAt.addingTimeInterval(backOff.delay)
    }
}
