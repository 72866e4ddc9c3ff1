package import FoundationEssentials

/// One life of a pod's sandbox: its `berth-pod` process and what identifies it.
package struct SandboxEntry: LedgerEntry, Hashable {
    package static let table = LedgerTable("sandbox", keyColumns: 2, CodingKeys.self)
    enum CodingKeys: String, CodingKey, CaseIterable {
        case podUID = "pod_uid", attempt, state, pid, processStartTime = "process_start_time", bootID = "boot_id", cgroup,
            createdAt = "created_at", endedAt = "ended_at"
    }

    package enum State: String, Codable, Sendable { case creating, ready, ended }

    package var podUID: String
    /// Counts up when the pod needs a new sandbox.
    package var attempt: Int
    package var state: State
    /// Of `berth-pod`; 0 before it runs. Means something only with `bootID` and `processStartTime`.
    package var pid: Int32
    /// Clock ticks since boot, field 22 of proc_pid_stat(5).
    package var processStartTime: Int64
    package var bootID: String
    package var cgroup: String
    package var createdAt: Date
    package var endedAt: Date?

    package init(
        podUID: String, attempt: Int, state: State, pid: Int32 = 0, processStartTime: Int64 = 0, bootID: String, cgroup: String,
        createdAt: Date, endedAt: Date? = nil
    ) {
        self.podUID = podUID
        self.attempt = attempt
        self.state = state
        self.pid = pid
        self.processStartTime = processStartTime
        self.bootID = bootID
        self.cgroup = cgroup
        self.createdAt = createdAt
        self.endedAt = endedAt
    }
}
