/// One entry of `spec.volumes`; exactly one source is set. Source: Kubernetes API reference, Volume v1 core.
package struct Volume: Codable, Hashable, Sendable {
    package var name = ""
    /// The name of a source that is none of those below, such as `iscsi`.
    package var otherSource: String?
    package var emptyDir: EmptyDirVolumeSource?
    package var hostPath: HostPathVolumeSource?
    package var configMap: ConfigMapVolumeSource?
    package var secret: SecretVolumeSource?
    package var downwardAPI: DownwardAPIVolumeSource?
    package var projected: ProjectedVolumeSource?
    package var persistentVolumeClaim: PersistentVolumeClaimVolumeSource?
    package var ephemeral: EphemeralVolumeSource?
    package var csi: CSIVolumeSource?
    package var nfs: NFSVolumeSource?
    package var image: ImageVolumeSource?

    private enum CodingKeys: String, CodingKey {
        case name, emptyDir, hostPath, configMap, secret, downwardAPI, projected, persistentVolumeClaim, ephemeral, csi, nfs, image
    }

    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        name = try fields.decode(String.self, forKey: .name)
        emptyDir = try fields.decodeIfPresent(EmptyDirVolumeSource.self, forKey: .emptyDir)
        hostPath = try fields.decodeIfPresent(HostPathVolumeSource.self, forKey: .hostPath)
        configMap = try fields.decodeIfPresent(ConfigMapVolumeSource.self, forKey: .configMap)
        secret = try fields.decodeIfPresent(SecretVolumeSource.self, forKey: .secret)
        downwardAPI = try fields.decodeIfPresent(DownwardAPIVolumeSource.self, forKey: .downwardAPI)
        projected = try fields.decodeIfPresent(ProjectedVolumeSource.self, forKey: .projected)
        persistentVolumeClaim = try fields.decodeIfPresent(PersistentVolumeClaimVolumeSource.self, forKey: .persistentVolumeClaim)
        ephemeral = try fields.decodeIfPresent(EphemeralVolumeSource.self, forKey: .ephemeral)
        csi = try fields.decodeIfPresent(CSIVolumeSource.self, forKey: .csi)
        nfs = try fields.decodeIfPresent(NFSVolumeSource.self, forKey: .nfs)
        image = try fields.decodeIfPresent(ImageVolumeSource.self, forKey: .image)
        let members = try decoder.container(keyedBy: JSONCodingKey.self).allKeys.map(\.stringValue)
        otherSource = members.filter { CodingKeys(stringValue: $0) == nil }.min()
    }
}

/// `medium` is empty (disk), Memory, or HugePages-<size>.
package struct EmptyDirVolumeSource: Codable, Hashable, Sendable {
    package var medium = ""
    package var sizeLimit: Quantity?
}

/// `type` is empty, DirectoryOrCreate, Directory, FileOrCreate, File, Socket, CharDevice or BlockDevice.
package struct HostPathVolumeSource: Codable, Hashable, Sendable {
    package var path = ""
    package var type = ""
}

package struct KeyToPath: Codable, Hashable, Sendable {
    package var key = ""
    package var path = ""
    package var mode: Int?
}

package struct ConfigMapVolumeSource: Codable, Hashable, Sendable {
    package var name = ""
    package var items: [KeyToPath] = []
    package var defaultMode: Int?
    package var optional = false
}

package struct SecretVolumeSource: Codable, Hashable, Sendable {
    package var secretName = ""
    package var items: [KeyToPath] = []
    package var defaultMode: Int?
    package var optional = false
}

package struct DownwardAPIVolumeSource: Codable, Hashable, Sendable {
    package var items: [DownwardAPIVolumeFile] = []
    package var defaultMode: Int?
}

package struct DownwardAPIVolumeFile: Codable, Hashable, Sendable {
    package var path = ""
    package var fieldRef: ObjectFieldSelector?
    package var resourceFieldRef: ResourceFieldSelector?
    package var mode: Int?
}

package struct ProjectedVolumeSource: Codable, Hashable, Sendable {
    package var sources: [VolumeProjection] = []
    package var defaultMode: Int?
}

package struct VolumeProjection: Codable, Hashable, Sendable {
    package var secret: ObjectProjection?
    package var configMap: ObjectProjection?
    package var downwardAPI: DownwardAPIVolumeSource?
    package var serviceAccountToken: ServiceAccountTokenProjection?
    package var clusterTrustBundle: JSONValue?
    package var podCertificate: JSONValue?
}

package struct ObjectProjection: Codable, Hashable, Sendable {
    package var name = ""
    package var items: [KeyToPath] = []
    package var optional = false
}

package struct ServiceAccountTokenProjection: Codable, Hashable, Sendable {
    package var audience = ""
    /// Zero means 3600.
    package var expirationSeconds = 0
    package var path = ""
}

package struct PersistentVolumeClaimVolumeSource: Codable, Hashable, Sendable {
    package var claimName = ""
    package var readOnly = false
}

package struct EphemeralVolumeSource: Codable, Hashable, Sendable {
    package var volumeClaimTemplate: PersistentVolumeClaimTemplate?
}

package struct PersistentVolumeClaimTemplate: Codable, Hashable, Sendable {
    package var metadata = ObjectMeta()
    package var spec = PersistentVolumeClaimSpec()
}

package struct CSIVolumeSource: Codable, Hashable, Sendable {
    package var driver = ""
    package var readOnly: Bool?
    package var fsType: String?
    package var volumeAttributes: [String: String] = [:]
}

package struct NFSVolumeSource: Codable, Hashable, Sendable {
    package var server = ""
    package var path = ""
    package var readOnly = false
}

package struct ImageVolumeSource: Codable, Hashable, Sendable {
    package var reference = ""
    package var pullPolicy = ""
}
