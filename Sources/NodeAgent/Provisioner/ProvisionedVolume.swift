import KubeAPI
import Volumes

/// What the provisioner makes of a claim: first the check that it can, then the PersistentVolume.
struct ProvisionedVolume: Sendable {
    let claim: PersistentVolumeClaim
    let storage: StorageClass
    let bytes: Int

    /// - Throws: `ProvisionerError` for anything asked for that would have to be ignored.
    init(_ claim: PersistentVolumeClaim, of storage: StorageClass) throws(ProvisionerError) {
        guard claim.spec.volumeMode != "Block" else {
            throw .unsupported("spec.volumeMode: Block", remedy: "use volumeMode: Filesystem")
        }
        guard claim.spec.selector == nil else {
            throw .unsupported("spec.selector", remedy: "remove the selector: a new volume has no labels to select")
        }
        guard storage.mountOptions.isEmpty else {
            throw .unsupported("mountOptions of StorageClass \(storage.metadata.name)", remedy: "use a StorageClass without mountOptions")
        }
        for (name, value) in storage.parameters.sorted(by: { $0.key < $1.key }) where (name, value) != ("fsType", "ext4") {
            throw .unsupported("parameter \(name)=\(value) of StorageClass \(storage.metadata.name)", remedy: "remove the parameter \(name)")
        }
        guard let request = claim.spec.resources.requests["storage"], request.value >= Self.smallest else {
            throw .unsupported("a request of less than 1Mi", remedy: "ask for at least 1Mi in spec.resources.requests.storage")
        }
        self.claim = claim
        self.storage = storage
        bytes = request.value
    }

    /// ext4 with a journal fits into less, but serves nobody.
    static let smallest = 1 << 20

    /// - Parameters:
    ///   - volume: the image behind it; its size counts, which may be more than was asked for.
    ///   - path: where it is mounted on the node.
    func manifest(for volume: LocalVolume, at path: String, on nodeName: String) -> JSONValue {
        let capacity = volume.capacityBytes == bytes ? claim.spec.resources.requests["storage"]?.text : nil
        return [
            "apiVersion": "v1", "kind": "PersistentVolume",
            "metadata": [
                "name": .string(claim.provisionedName),
                "annotations": [
                    ProvisionerView.provisionedBy: .string(VolumeRequest.provisioner), VolumeRequest.volumeIDAnnotation: .string(volume.id),
                ],
                "finalizers": [.string(ProvisionerView.finalizer)],
            ],
            "spec": [
                "capacity": ["storage": .string(capacity ?? "\(volume.capacityBytes)")],
                "accessModes": .array(claim.spec.accessModes.map(JSONValue.string)),
                "claimRef": [
                    "apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": .string(claim.metadata.namespace),
                    "name": .string(claim.metadata.name), "uid": .string(claim.metadata.uid),
                    "resourceVersion": .string(claim.metadata.resourceVersion),
                ],
                "persistentVolumeReclaimPolicy": .string(storage.reclaimPolicy.isEmpty ? "Delete" : storage.reclaimPolicy),
                "storageClassName": .string(storage.metadata.name),
                "volumeMode": "Filesystem",
                "local": ["path": .string(path), "fsType": "ext4"],
                "nodeAffinity": [
                    "required": [
                        "nodeSelectorTerms": [
                            ["matchExpressions": [["key": "kubernetes.io/hostname", "operator": "In", "values": [.string(nodeName)]]]]
                        ]
                    ]
                ],
            ],
        ]
    }
}

/// Why a claim cannot have what it asks for.
enum ProvisionerError: ActionableError {
    case unsupported(String, remedy: String)
    case inUse(volume: String, pods: Int)

    var description: String {
        switch self {
        case .unsupported(let what, _): "\(what) is not supported by \(VolumeRequest.provisioner)"
        case .inUse(let volume, let pods): "volume \(volume) is still used by \(pods) pods of this node"
        }
    }

    var remedy: String? {
        switch self {
        case .unsupported(_, let remedy): remedy
        case .inUse: "end the pods that use it"
        }
    }
}
