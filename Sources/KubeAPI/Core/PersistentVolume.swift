/// Source: Kubernetes API reference, PersistentVolume v1 core.
package struct PersistentVolume: KubeObject, Hashable {
    package static let apiVersion = "v1"
    package static let kind = "PersistentVolume"
    package static let resource = "persistentvolumes"
    package static let isNamespaced = false

    package var apiVersion = PersistentVolume.apiVersion
    package var kind = PersistentVolume.kind
    package var metadata = ObjectMeta()
    package var spec = PersistentVolumeSpec()
    package var status = PersistentVolumeStatus()
    package init() {}
}

package struct PersistentVolumeSpec: Codable, Hashable, Sendable, GoZero {
    package var capacity: [String: Quantity] = [:]
    package var accessModes: [String] = []
    package var claimRef: ObjectReference?
    package var persistentVolumeReclaimPolicy = ""
    package var storageClassName = ""
    /// Filesystem or Block.
    package var volumeMode: String?
    package var mountOptions: [String] = []
    package var hostPath: HostPathVolumeSource?
    package var local: LocalVolumeSource?
    package var nfs: NFSVolumeSource?
    package var csi: CSIPersistentVolumeSource?
    package var nodeAffinity: VolumeNodeAffinity?
    package init() {}
}

package struct VolumeNodeAffinity: Codable, Hashable, Sendable { package var required: NodeSelector? }

package struct LocalVolumeSource: Codable, Hashable, Sendable {
    package var path = ""
    package var fsType: String?
}

/// Volumes of Berth's own provisioner carry `driver` = `berth.io/local` and their volume id in `volumeHandle`.
package struct CSIPersistentVolumeSource: Codable, Hashable, Sendable {
    package var driver = ""
    package var volumeHandle = ""
    package var readOnly = false
    package var fsType = ""
    package var volumeAttributes: [String: String] = [:]
}

package struct PersistentVolumeStatus: Codable, Hashable, Sendable, GoZero {
    /// Pending, Available, Bound, Released or Failed.
    package var phase = ""
    package var message = ""
    package var reason = ""
    package init() {}
}

package struct ObjectReference: Codable, Hashable, Sendable {
    package var apiVersion = ""
    package var kind = ""
    package var namespace = ""
    package var name = ""
    package var uid = ""
    package var resourceVersion = ""
    package var fieldPath = ""

    package init(apiVersion: String = "", kind: String = "", namespace: String = "", name: String = "", uid: String = "", resourceVersion: String = "", fieldPath: String = "") {
        self.apiVersion = apiVersion
        self.kind = kind
        self.namespace = namespace
        self.name = name
        self.uid = uid
        self.resourceVersion = resourceVersion
        self.fieldPath = fieldPath
    }
}

package struct PersistentVolumeClaim: KubeObject, Hashable {
    package static let apiVersion = "v1"
    package static let kind = "PersistentVolumeClaim"
    package static let resource = "persistentvolumeclaims"

    package var apiVersion = PersistentVolumeClaim.apiVersion
    package var kind = PersistentVolumeClaim.kind
    package var metadata = ObjectMeta()
    package var spec = PersistentVolumeClaimSpec()
    package var status = PersistentVolumeClaimStatus()
    package init() {}
}

package struct PersistentVolumeClaimSpec: Codable, Hashable, Sendable, GoZero {
    package var accessModes: [String] = []
    package var resources = ResourceRequirements()
    package var selector: LabelSelector?
    /// Nil asks for the default class; empty asks for none.
    package var storageClassName: String?
    package var volumeMode: String?
    package var volumeName = ""
    package init() {}
}

package struct PersistentVolumeClaimStatus: Codable, Hashable, Sendable, GoZero {
    package var phase = ""
    package var accessModes: [String] = []
    package var capacity: [String: Quantity] = [:]
    package var allocatedResources: [String: Quantity] = [:]
    package var allocatedResourceStatuses: [String: String] = [:]
    package init() {}
}

package struct StorageClass: KubeObject, Hashable {
    package static let apiVersion = "storage.k8s.io/v1"
    package static let kind = "StorageClass"
    package static let resource = "storageclasses"
    package static let isNamespaced = false

    package var apiVersion = StorageClass.apiVersion
    package var kind = StorageClass.kind
    package var metadata = ObjectMeta()
    package var provisioner = ""
    package var parameters: [String: String] = [:]
    package var reclaimPolicy = ""
    package var volumeBindingMode = ""
    package var allowVolumeExpansion: Bool?
    package var mountOptions: [String] = []
    package init() {}
}
