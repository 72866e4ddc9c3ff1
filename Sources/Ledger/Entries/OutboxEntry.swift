package import FoundationEssentials

/// Something to send upstream. `sequence` grows; a newer status of the same pod takes the older one's place.
package struct OutboxEntry: LedgerEntry, Hashable {
    package static let table = LedgerTable("outbox", keyColumns: 1, CodingKeys.self)
    enum CodingKeys: String, CodingKey, CaseIterable {
        case sequence, kind, key, body, createdAt = "created_at"
    }

    package enum Kind: String, Codable, CaseIterable, Sendable {
        case status, event
        /// The object of a pod that is over may be deleted upstream; sent after its last status.
        case deletion
    }

    package var sequence: Int64
    package var kind: Kind
    /// The pod's uid for a status or deletion, `<namespace>/<name>` of an Event for an event.
    package var key: String
    /// JSON.
    package var body: Data
    package var createdAt: Date
}
