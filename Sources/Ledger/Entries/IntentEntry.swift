package import FoundationEssentials

/// What is about to be done to the world. `subject` is the pod uid, container id or volume id it is done to.
package struct Intent: Hashable, Sendable {
    package var kind: Kind
    package var subject: String
    /// Whatever recovery needs to finish or undo it: a path, a JSON value.
    package var detail: String

    package init(_ kind: Kind, subject: String, detail: String = "") {
        self.kind = kind
        self.subject = subject
        self.detail = detail
    }

    package enum Kind: String, Codable, Sendable {
        case createSandbox, removeSandbox, startContainer, removeContainer
        case addNetwork, deleteNetwork
        case createVolume, expandVolume, stageVolume, unstageVolume, trashVolume, purgeVolume
        case publishVolumes, unpublishVolumes
        case pullImage, removeImage
    }
}

/// An intent as journalled. Without `finishedAt` the effect may be undone, half done or done.
package struct IntentEntry: LedgerEntry, Hashable {
    package static let table = LedgerTable("intent", keyColumns: 1, CodingKeys.self)
    enum CodingKeys: String, CodingKey, CaseIterable {
        case sequence, kind, subject, detail, bootID = "boot_id", begunAt = "begun_at", finishedAt = "finished_at", failure
    }

    package var sequence: Int64
    package var kind: Intent.Kind
    package var subject: String
    package var detail: String
    package var bootID: String
    package var begunAt: Date
    package var finishedAt: Date?
    /// The error's text when the effect failed.
    package var failure: String?

    package var intent: Intent { Intent(kind, subject: subject, detail: detail) }
}
