package import FoundationEssentials
package import LinuxSystem

/// A volume that outlives pods: an image of the built-in provisioner, or a directory a PersistentVolume names.
package struct VolumeEntry: LedgerEntry, Hashable {
    package static let table = LedgerTable("volume", keyColumns: 1, CodingKeys.self)
    enum CodingKeys: String, CodingKey, CaseIterable {
        case id, kind, state, persistentVolume = "persistent_volume", claimNamespace = "claim_namespace", claimName = "claim_name",
            claimUID = "claim_uid", capacityBytes = "capacity_bytes", source, stagingPath = "staging_path", identity, createdAt = "created_at",
            trashedAt = "trashed_at"
    }

    /// What it holds, and on which medium.
    package enum Kind: String, Codable, Sendable { case localImage, localDirectory, hostPath }

    /// Whether it is mounted is not among these: it is while a publication stands; see `LedgerSnapshot.stagedVolumes`.
    package enum State: String, Codable, Sendable {
        /// It is a claim's.
        case provisioned
        /// Its claim is gone, and it is kept.
        case released
        /// It goes for good when the retention is over.
        case trashed
    }

    /// Its own id: for the built-in provisioner `pvc-<claim uid>`, else the PersistentVolume's name.
    package var id: String
    package var kind: Kind
    package var state: State
    package var persistentVolume: String
    package var claimNamespace: String
    package var claimName: String
    package var claimUID: String
    package var capacityBytes: Int
    /// The image file or directory.
    package var source: String
    /// Where it is mounted once per node; empty when it is not.
    package var stagingPath: String
    /// What the source was when first seen; a later use must find the same.
    package var identity: SourceIdentity?
    package var createdAt: Date
    package var trashedAt: Date?

    package init(
        id: String, kind: Kind, state: State, persistentVolume: String = "", claimNamespace: String = "", claimName: String = "",
        claimUID: String = "", capacityBytes: Int = 0, source: String, stagingPath: String = "", identity: SourceIdentity? = nil,
        createdAt: Date, trashedAt: Date? = nil
    ) {
        self.id = id
        self.kind = kind
        self.state = state
        self.persistentVolume = persistentVolume
        self.claimNamespace = claimNamespace
        self.claimName = claimName
        self.claimUID = claimUID
        self.capacityBytes = capacityBytes
        self.source = source
        self.stagingPath = stagingPath
        self.identity = identity
        self.createdAt = createdAt
        self.trashedAt = trashedAt
    }
}
