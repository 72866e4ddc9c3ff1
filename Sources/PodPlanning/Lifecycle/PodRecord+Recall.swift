package import FoundationEssentials
package import KubeAPI

extension PodRecord {
    /// What a status that was once published still tells of a pod, when nothing else remembers it: which containers ran and
    /// how they ended, so that none that is done runs again, and counts go on.
    package init(startTime: Date, recalling status: PodStatus) {
        self.init(startTime: startTime)
        podIPs = status.podIPs.map(\.ip)
        for container in status.initContainerStatuses + status.containerStatuses + status.ephemeralContainerStatuses {
            if let progress = ContainerProgress(recalling: container) { containers[container.name] = progress }
        }
    }
}

extension ContainerProgress {
    /// Nil for a container that never ran.
    init?(recalling status: ContainerStatus) {
        let earlier = status.lastState.terminated
        var latest: ContainerRun
        if let running = status.state.running {
            latest = ContainerRun(recalling: status, id: status.containerID, startedAt: running.startedAt)
        } else if let end = status.state.terminated ?? earlier {
            latest = ContainerRun(recalling: status, id: end.containerID, startedAt: end.startedAt)
            latest.end = ContainerEnd(end)
        } else {
            return nil
        }
        self.init()
        restartCount = status.restartCount
        current = latest
        // Of a container that waits for its next start, `lastState` is the latest run.
        if status.state.waiting == nil, let earlier {
            previous = ContainerRun(recalling: status, id: earlier.containerID, startedAt: earlier.startedAt)
            previous?.attempt = max(status.restartCount - 1, 0)
            previous?.end = ContainerEnd(earlier)
        }
    }
}

extension ContainerRun {
    fileprivate init(recalling status: ContainerStatus, id: String, startedAt: Timestamp?) {
        self.init(
            id: id.split(separator: "/").last.map(String.init) ?? "", attempt: status.restartCount, sandboxAttempt: 0, image: status.image,
            imageID: status.imageID, startedAt: startedAt?.date ?? .distantPast)
        resources = status.resources
        user = status.user?.linux
    }
}

extension ContainerEnd {
    fileprivate init(_ state: ContainerStateTerminated) {
        self.init(exitCode: state.exitCode, reason: state.reason, message: state.message, finishedAt: state.finishedAt?.date ?? .distantPast)
    }
}
