package import FoundationEssentials

/// Something to send upstream. `sequence` grows; a newer status of the same pod takes the older one's place.
package struct OutboxEntry: LedgerEntry, Hashable {
    package static let table = "outbox"

    package enum Kind: String, Codable, Sendable { case status, event }

    package var sequence: Int64
    package var kind: Kind
    /// The pod's uid for a status, `<namespace>/<name>` of an Event for an event.
    package var key: String
    /// JSON.
    package var body: Data
    package var createdAt: Date
}
