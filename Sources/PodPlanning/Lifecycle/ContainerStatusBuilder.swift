import FoundationEssentials
import KubeAPI

/// One entry of `containerStatuses` and its two sisters.
struct ContainerStatusBuilder {
    let pod: Pod
    let record: PodRecord
    let now: Date

    func status(of container: Container, isInit: Bool) -> ContainerStatus {
        let progress = record[container: container.name]
        var status = ContainerStatus(name: container.name)
        status.image = progress.current?.image ?? container.image
        status.restartCount = progress.restartCount
        status.volumeMounts = container.volumeMounts.map(VolumeMountStatus.init(planned:))
        if let run = progress.current {
            status.imageID = run.imageDigest ?? run.imageID
            status.containerID = run.containerID
            status.user = run.user.map(ContainerUser.init(linux:))
            status.resources = run.resources
            status.allocatedResources = (record.allocation?.containers[container.name] ?? container.resources).requests
            // Images may name it by number, which the API does not know.
            status.stopSignal = [container.lifecycle?.stopSignal, run.stopSignal].compactMap(\.self).first { $0.hasPrefix("SIG") }
        }
        status.state = state(of: container, progress, isInit: isInit)
        if status.state.waiting != nil, let end = progress.current?.terminated {
            status.lastState = ContainerState(terminated: end)
        } else if let end = progress.previous?.terminated {
            status.lastState = ContainerState(terminated: end)
        }
        status.started = progress.isRunning && progress.isStarted
        let isCompletedInit = isInit && !container.isSidecar && status.state.terminated?.exitCode == 0
        let passes = container.readinessProbe == nil ? progress.isStarted : progress.isStarted && progress.passesReadiness
        status.ready = isCompletedInit || (status.state.running != nil && passes && (!isInit || container.isSidecar))
        return status
    }

    private func state(of container: Container, _ progress: ContainerProgress, isInit: Bool) -> ContainerState {
        guard let run = progress.current else {
            if let waiting = progress.waiting { return ContainerState(waiting: waiting) }
            // A pod that is over never starts what it has not started.
            return ContainerState(waiting: ContainerStateWaiting(reason: pod.spec.initContainers.isEmpty ? "ContainerCreating" : "PodInitializing"))
        }
        if run.round != record.round, !isOver {
            return ContainerState(waiting: progress.waiting ?? ContainerStateWaiting(reason: pod.spec.initContainers.isEmpty ? "ContainerCreating" : "PodInitializing"))
        }
        guard let terminated = run.terminated else {
            return ContainerState(running: ContainerStateRunning(startedAt: Timestamp(run.startedAt)))
        }
        guard !isOver, willRestart(container, run, isInit: isInit) else { return ContainerState(terminated: terminated) }
        if let waiting = progress.waiting { return ContainerState(waiting: waiting) }
        if let notBefore = progress.notBefore(sandboxAttempt: record.sandbox.attempt), notBefore > now {
            let message = "back-off \(progress.backOff.delay.goText) restarting failed container=\(container.name) pod=\(pod.metadata.name)_\(pod.metadata.namespace)(\(pod.metadata.uid))"
            return ContainerState(waiting: ContainerStateWaiting(reason: "CrashLoopBackOff", message: message))
        }
        return ContainerState(terminated: terminated)
    }

    private var isOver: Bool { record.isTerminal || record.failure != nil || pod.metadata.deletionTimestamp != nil }

    private func willRestart(_ container: Container, _ run: ContainerRun, isInit: Bool) -> Bool {
        guard let code = run.end?.exitCode else { return false }
        if isInit, !container.isSidecar { return pod.spec.initContainerRestarts(container, after: code) }
        return container.restarts(after: code, in: pod.spec)
    }
}

extension ContainerRun {
    package var containerID: String { "berth://\(id)" }

    var terminated: ContainerStateTerminated? {
        end.map {
            ContainerStateTerminated(
                exitCode: $0.exitCode, reason: $0.reason, message: $0.message, startedAt: Timestamp(startedAt),
                finishedAt: Timestamp($0.finishedAt), containerID: containerID)
        }
    }
}

extension VolumeMountStatus {
    init(planned mount: VolumeMount) {
        self.init(name: mount.name, mountPath: mount.mountPath, readOnly: mount.readOnly)
        if let recursive = mount.recursiveReadOnly { recursiveReadOnly = recursive == "IfPossible" && mount.readOnly ? "Enabled" : recursive }
    }
}

extension TimeInterval {
    /// Whole seconds as Go prints a duration: `10s`, `1m20s`, `5m0s`.
    var goText: String {
        let seconds = Int(self)
        return seconds < 60 ? "\(seconds)s" : "\(seconds / 60)m\(seconds % 60)s"
    }
}
