package import FoundationEssentials

/// When an image was last needed, for garbage collection.
package struct ImageUseEntry: LedgerEntry, Hashable {
    package static let table = LedgerTable("image_use", keyColumns: 1, CodingKeys.self)
    enum CodingKeys: String, CodingKey, CaseIterable {
        case imageID = "image_id", name, lastUsedAt = "last_used_at"
    }

    package var imageID: String
    package var name: String
    package var lastUsedAt: Date

    package init(imageID: String, name: String, lastUsedAt: Date) {
        self.imageID = imageID
        self.name = name
        self.lastUsedAt = lastUsedAt
    }
}
