import KubeAPI

/// `status.phase`. Source: Kubernetes, "Pod Lifecycle", "Pod phase"; the order of the rules is kubelet's.
enum PodPhase: String {
    case pending = "Pending"
    case running = "Running"
    case succeeded = "Succeeded"
    case failed = "Failed"

    var isTerminal: Bool { self == .succeeded || self == .failed }

    /// - Parameter isTerminal: nothing runs, and nothing will.
    init(spec: PodSpec, status: PodStatus, isTerminal: Bool) {
        var running = 0, waiting = 0, stopped = 0, stoppedForGood = 0, succeeded = 0
        var initPending = false, initFailed = false, sidecarPending = false

        for (container, status) in zip(spec.initContainers, status.initContainerStatuses) {
            if container.isSidecar {
                if status.state.running != nil {
                    running += 1
                    if status.started != true { sidecarPending = true }
                } else if status.state.waiting != nil, status.lastState.terminated == nil {
                    sidecarPending = true
                    waiting += 1
                }
            } else if let code = status.exitCode {
                if code != 0, !spec.initContainerRestarts(container, after: code) { initFailed = true }
            } else {
                initPending = true
            }
        }
        let byName = Dictionary(status.containerStatuses.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        for container in spec.containers {
            guard let status = byName[container.name] else { continue }
            if status.state.running != nil {
                running += 1
            } else if let code = status.exitCode {
                stopped += 1
                if !container.restarts(after: code, in: spec) { stoppedForGood += 1 }
                if code == 0 { succeeded += 1 }
            } else {
                waiting += 1
            }
        }
        let hasStarted = status.containerStatuses.contains { $0.started == true || $0.state.running != nil || $0.state.terminated != nil }

        self =
            if initFailed { .failed }
            else if initPending || (sidecarPending && !hasStarted) || waiting > 0 { isTerminal ? .failed : .pending }
            else if running > 0 { .running }
            else if stopped == 0 { .pending }
            else if !isTerminal && stopped != stoppedForGood { .running }
            else { stopped == succeeded ? .succeeded : .failed }
    }
}

extension ContainerStatus {
    /// Of the latest run, when it has ended.
    var exitCode: Int? { state.terminated?.exitCode ?? (state.waiting != nil ? lastState.terminated?.exitCode : nil) }
}
