import KubeAPI
import Volumes

/// What the provisioner sees of the API, all of it listed.
struct ProvisionerView: Sendable {
    var claims: [PersistentVolumeClaim] = []
    var classes: [StorageClass] = []
    var volumes: [PersistentVolume] = []
    /// The value of this node's `kubernetes.io/hostname` label.
    var nodeName: String
    /// Claims of classes that bind at once, before a pod names a node, are made here. True on a node of its own.
    var takesUnplaced: Bool
}

/// One thing to do. Deciding the same again is harmless: every deed is idempotent.
enum ProvisionerAction: Sendable, Hashable {
    case provision(PersistentVolumeClaim, StorageClass)
    /// The claim asks for more than its volume has.
    case expand(PersistentVolumeClaim, PersistentVolume)
    /// The volume is larger than the claim's status says.
    case report(PersistentVolumeClaim, capacity: Quantity)
    /// To the trash, and the PersistentVolume away.
    case reclaim(PersistentVolume)
    /// The PersistentVolume may go; the data stays.
    case letGo(PersistentVolume)

    /// The object it is about: never two deeds at once on one.
    var key: String {
        switch self {
        case .provision(let claim, _), .expand(let claim, _), .report(let claim, _): claim.metadata.uid
        case .reclaim(let volume), .letGo(let volume): volume.metadata.uid
        }
    }
}

extension ProvisionerView {
    static let selectedNode = "volume.kubernetes.io/selected-node"
    static let provisionedBy = "pv.kubernetes.io/provisioned-by"
    /// Set by the binder once no volume that exists fits: only then may one be made.
    static let storageProvisioner = ["volume.kubernetes.io/storage-provisioner", "volume.beta.kubernetes.io/storage-provisioner"]
    /// Keeps a PersistentVolume until its data is in the trash, or known to stay.
    static let finalizer = "berth.io/volume-protection"

    /// Desired against actual, in a fixed order: claims by name, then volumes.
    func actions() -> [ProvisionerAction] {
        let byName = Dictionary(volumes.map { ($0.metadata.name, $0) }, uniquingKeysWith: { first, _ in first })
        let owners = Dictionary(claims.map { ($0.metadata.uid, $0) }, uniquingKeysWith: { first, _ in first })
        let forClaims = claims.filter { $0.metadata.deletionTimestamp == nil }
            .sorted { ($0.metadata.namespace, $0.metadata.name) < ($1.metadata.namespace, $1.metadata.name) }
            .compactMap { $0.spec.volumeName.isEmpty ? provisioning($0, byName) : resizing($0, byName[$0.spec.volumeName]) }
        let forVolumes = volumes.filter(isOurs).sorted { $0.metadata.name < $1.metadata.name }
            .compactMap { reclaiming($0, owner: owners[$0.spec.claimRef?.uid ?? ""]) }
        return forClaims + forVolumes
    }

    /// Made by this provisioner, on this node.
    func isOurs(_ volume: PersistentVolume) -> Bool {
        let annotations = volume.metadata.annotations
        guard annotations[Self.provisionedBy] == VolumeRequest.provisioner, annotations[VolumeRequest.volumeIDAnnotation] != nil else { return false }
        let terms = volume.spec.nodeAffinity?.required?.nodeSelectorTerms ?? []
        return terms.contains { $0.matchExpressions.contains { $0.key == "kubernetes.io/hostname" && $0.values == [nodeName] } }
    }

    private func provisioning(_ claim: PersistentVolumeClaim, _ volumes: [String: PersistentVolume]) -> ProvisionerAction? {
        guard volumes[claim.provisionedName] == nil,
            let storage = classes.first(where: { $0.metadata.name == claim.spec.storageClassName && $0.provisioner == VolumeRequest.provisioner }),
            Self.storageProvisioner.contains(where: { claim.metadata.annotations[$0] == VolumeRequest.provisioner })
        else { return nil }
        let node = claim.metadata.annotations[Self.selectedNode]
        let isHere = node == nodeName || (node == nil && storage.volumeBindingMode != "WaitForFirstConsumer" && takesUnplaced)
        return isHere ? .provision(claim, storage) : nil
    }

    private func resizing(_ claim: PersistentVolumeClaim, _ volume: PersistentVolume?) -> ProvisionerAction? {
        guard let volume, isOurs(volume), volume.spec.claimRef?.uid == claim.metadata.uid, claim.status.phase == "Bound",
            let has = volume.spec.capacity["storage"], let wants = claim.spec.resources.requests["storage"]
        else { return nil }
        if wants.value > has.value { return .expand(claim, volume) }
        guard let says = claim.status.capacity["storage"], says.value < has.value else { return nil }
        return .report(claim, capacity: has)
    }

    private func reclaiming(_ volume: PersistentVolume, owner: PersistentVolumeClaim?) -> ProvisionerAction? {
        let isDeleted = volume.spec.persistentVolumeReclaimPolicy == "Delete"
        if volume.metadata.deletionTimestamp != nil {
            guard owner == nil, volume.metadata.finalizers.contains(Self.finalizer) else { return nil }
            return isDeleted ? .reclaim(volume) : .letGo(volume)
        }
        return isDeleted && owner == nil && volume.status.phase == "Released" ? .reclaim(volume) : nil
    }
}

extension PersistentVolumeClaim {
    /// The name of the volume made for this claim, and its id on the node.
    var provisionedName: String { "pvc-\(metadata.uid)" }

    var reference: ObjectReference {
        ObjectReference(
            apiVersion: Self.apiVersion, kind: Self.kind, namespace: metadata.namespace, name: metadata.name, uid: metadata.uid,
            resourceVersion: metadata.resourceVersion)
    }
}

extension PersistentVolume {
    var reference: ObjectReference {
        ObjectReference(
            apiVersion: Self.apiVersion, kind: Self.kind, name: metadata.name, uid: metadata.uid, resourceVersion: metadata.resourceVersion)
    }
}
