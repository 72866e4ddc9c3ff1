package import FoundationEssentials

/// One attempt at one container of a pod.
package struct ContainerEntry: LedgerEntry, Hashable {
    package static let table = "container"

    package enum Kind: String, Codable, Sendable { case `init`, sidecar, regular, ephemeral }
    package enum State: String, Codable, Sendable { case created, running, exited }

    package var id: String
    package var podUID: String
    package var name: String
    package var kind: Kind
    /// 0 for the first start; `restartCount` in the API is the newest attempt.
    package var attempt: Int
    package var state: State
    /// 0 before it runs. Means something only with `bootID` and `processStartTime`.
    package var pid: Int32
    /// Clock ticks since boot, field 22 of proc_pid_stat(5).
    package var processStartTime: Int64
    package var bootID: String
    package var image: String
    package var imageID: String
    package var createdAt: Date
    package var startedAt: Date?
    package var finishedAt: Date?
    /// 0...255, set when exited.
    package var exitCode: Int?
    /// The signal that ended it; nil or 0 when it exited by itself.
    package var signal: Int?
    /// Completed, Error, OOMKilled, ...
    package var reason: String
    package var message: String
    package var restartCount: Int
    /// The delay last chosen, in seconds.
    package var backOffSeconds: Double
    /// No start before this.
    package var backOffUntil: Date?

    package init(
        id: String, podUID: String, name: String, kind: Kind, attempt: Int, state: State = .created, pid: Int32 = 0,
        processStartTime: Int64 = 0, bootID: String, image: String = "", imageID: String = "", createdAt: Date, startedAt: Date? = nil,
        finishedAt: Date? = nil, exitCode: Int? = nil, signal: Int? = nil, reason: String = "", message: String = "",
        restartCount: Int = 0, backOffSeconds: Double = 0, backOffUntil: Date? = nil
    ) {
        self.id = id
        self.podUID = podUID
        self.name = name
        self.kind = kind
        self.attempt = attempt
        self.state = state
        self.pid = pid
        self.processStartTime = processStartTime
        self.bootID = bootID
        self.image = image
        self.imageID = imageID
        self.createdAt = createdAt
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.exitCode = exitCode
        self.signal = signal
        self.reason = reason
        self.message = message
        self.restartCount = restartCount
        self.backOffSeconds = backOffSeconds
        self.backOffUntil = backOffUntil
    }
}
