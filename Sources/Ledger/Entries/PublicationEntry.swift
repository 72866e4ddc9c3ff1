package import FoundationEssentials
package import LinuxSystem

/// One volume of one pod, as Berth laid it out on the host. Outlives the pod's row until it was taken down:
/// cleanup removes what stands here, and nothing else.
package struct PublicationEntry: LedgerEntry, Hashable {
    package static let table = LedgerTable("publication", keyColumns: 2, CodingKeys.self)
    enum CodingKeys: String, CodingKey, CaseIterable {
        case podUID = "pod_uid", volumeName = "volume_name", volumeID = "volume_id", kind, state, path, isReadOnly = "is_read_only",
            isMount = "is_mount", identity, fsGroup = "fs_group", publishedAt = "published_at"
    }

    package enum State: String, Codable, Sendable { case publishing, published, unpublishing }

    package var podUID: String
    /// The name in `spec.volumes`.
    package var volumeName: String
    /// Empty for volumes that live and end with the pod.
    package var volumeID: String
    /// emptyDir, hostPath, configMap, secret, downwardAPI, projected, persistentVolumeClaim, ...
    package var kind: String
    package var state: State
    /// Host path.
    package var path: String
    package var isReadOnly: Bool
    /// Whether Berth mounted something at `path`.
    package var isMount: Bool
    package var identity: SourceIdentity?
    /// The group an ownership pass was completed for.
    package var fsGroup: Int?
    package var publishedAt: Date

    package init(
        podUID: String, volumeName: String, volumeID: String = "", kind: String, state: State, path: String, isReadOnly: Bool = false,
        isMount: Bool = false, identity: SourceIdentity? = nil, fsGroup: Int? = nil, publishedAt: Date
    ) {
        self.podUID = podUID
        self.volumeName = volumeName
        self.volumeID = volumeID
        self.kind = kind
        self.state = state
        self.path = path
        self.isReadOnly = isReadOnly
        self.isMount = isMount
        self.identity = identity
        self.fsGroup = fsGroup
        self.publishedAt = publishedAt
    }
}
