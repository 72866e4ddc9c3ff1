package import FoundationEssentials

/// Where a probe stood, so that a restart of the daemon neither flaps readiness nor starts thresholds anew.
package struct ProbeEntry: LedgerEntry, Hashable {
    package static let table = "probe"

    package enum Kind: String, Codable, Sendable { case startup, liveness, readiness }

    package var containerID: String
    package var kind: Kind
    /// The probe machine's state as JSON.
    package var state: Data

    package init(containerID: String, kind: Kind, state: Data) {
        self.containerID = containerID
        self.kind = kind
        self.state = state
    }
}
