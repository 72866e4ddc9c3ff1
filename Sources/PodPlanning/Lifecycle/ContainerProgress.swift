package import FoundationEssentials
package import KubeAPI

/// One start of one container, from its creation to its end.
package struct ContainerRun: Codable, Hashable, Sendable {
    /// 64 hexadecimal digits.
    package var id: String
    package var attempt: Int
    /// The sandbox it belongs to: what an init container did in an earlier one does not count.
    package var sandboxAttempt: Int
    /// The round of the pod it belongs to, likewise; see `PodRecord.round`.
    package var round: Int?
    /// The image as the spec names it, and the id it resolved to.
    package var image: String
    package var imageID: String
    /// The image as anybody can pull it again, `registry/repository@sha256:...`; nil when no registry is known to have it.
    package var imageDigest: String?
    package var startedAt: Date
    package var end: ContainerEnd?
    package var user: LinuxContainerUser?
    package var resources: ResourceRequirements?
    package var stopSignal: String?

    package init(id: String, attempt: Int, sandboxAttempt: Int, image: String, imageID: String, startedAt: Date) {
        self.id = id
        self.attempt = attempt
        self.sandboxAttempt = sandboxAttempt
        self.image = image
        self.imageID = imageID
        self.startedAt = startedAt
    }
}

package struct ContainerEnd: Codable, Hashable, Sendable {
    /// 0...255; 128 + n after signal n.
    package var exitCode: Int
    /// Completed, Error, OOMKilled, StartError or ContainerStatusUnknown.
    package var reason: String
    /// The termination message, or why the container could not be started.
    package var message: String
    package var finishedAt: Date

    package init(exitCode: Int, reason: String, message: String = "", finishedAt: Date) {
        self.exitCode = exitCode
        self.reason = reason
        self.message = message
        self.finishedAt = finishedAt
    }

    /// The reason as kubelet words it for a process that ran.
    package init(exitCode: Int, oomKilled: Bool, message: String = "", finishedAt: Date) {
        let reason = oomKilled ? "OOMKilled" : exitCode == 0 ? "Completed" : "Error"
        self.init(exitCode: exitCode, reason: reason, message: message, finishedAt: finishedAt)
    }
}

/// Where one container of the spec stands: its latest run, the one before, and what holds back the next.
package struct ContainerProgress: Codable, Hashable, Sendable {
    package var current: ContainerRun?
    /// `lastState`: the run before `current`, always ended.
    package var previous: ContainerRun?
    package var restartCount = 0
    package var backOff = RestartBackOff()
    /// Why the next start did not succeed yet: ErrImagePull, ImagePullBackOff, CreateContainerConfigError, ...
    package var waiting: ContainerStateWaiting?
    /// Not before this time is a start tried again after `waiting` was set; the agent's own back-off of image pulls.
    package var retryAt: Date?
    /// The startup probe succeeded, or there is none and the postStart hook is through.
    package var isStarted = false
    /// What the readiness probe last decided; without a probe, the same as `isStarted`.
    package var passesReadiness = false
    /// A liveness or startup probe, or a postStart hook, decided that the run must end.
    package var mustRestart: KillReason?

    package init() {}

    package var isRunning: Bool { current.map { $0.end == nil } ?? false }
    /// The attempt number of the next run.
    package var nextAttempt: Int { current.map { $0.attempt + 1 } ?? 0 }

    /// A new run exists. `isStarted` and `passesReadiness` begin again.
    package mutating func started(_ run: ContainerRun) {
        if current != nil {
            previous = current
            restartCount += 1
            backOff.restarted()
        }
        current = run
        waiting = nil
        retryAt = nil
        isStarted = false
        passesReadiness = false
        mustRestart = nil
    }

    /// The run ended. A second report of the same end changes nothing.
    package mutating func ended(_ end: ContainerEnd) {
        guard let run = current, run.end == nil else { return }
        current?.end = end
        isStarted = false
        passesReadiness = false
        mustRestart = nil
        backOff.ended(afterRunning: end.finishedAt.timeIntervalSince(run.startedAt))
    }

    /// The start was tried and held back.
    package mutating func held(_ reason: ContainerStateWaiting, retryAt: Date?) {
        waiting = reason
        self.retryAt = retryAt
    }
}
