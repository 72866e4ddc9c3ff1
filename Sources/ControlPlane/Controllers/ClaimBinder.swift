import FoundationEssentials
import KubeAPI

/// Binds claims to volumes, asks for volumes where a class can make them, and keeps claims that pods still use.
struct ClaimBinder: Controller {
    let name = "persistentvolumeclaim-controller"
    let watched = [
        ResourceCatalog.persistentVolumeClaims, ResourceCatalog.persistentVolumes, ResourceCatalog.storageClasses, ResourceCatalog.pods,
    ]
    private static let protection = "kubernetes.io/pvc-protection"

    func items(concernedBy object: JSONValue, of resource: Resource, isGone: Bool, in objects: any ObjectReader) -> [WorkItem] {
        switch resource {
        case ResourceCatalog.persistentVolumeClaims: return isGone ? [] : [object.workItem]
        case ResourceCatalog.pods:
            return object.podClaimNames.map { WorkItem(namespace: object.meta.namespace, name: $0) }
        case ResourceCatalog.persistentVolumes:
            if let claim = object.find("spec", "claimRef") {
                return [WorkItem(namespace: claim.text("namespace"), name: claim.text("name"))]
            }
            return objects.all(ResourceCatalog.persistentVolumeClaims).filter { $0.text("status", "phase") == "Pending" }.map(\.workItem)
        default:
            return objects.all(ResourceCatalog.persistentVolumeClaims).filter { $0.text("status", "phase") == "Pending" }.map(\.workItem)
        }
    }

    func plan(_ item: WorkItem, in objects: any ObjectReader, now: Date) -> Plan {
        guard let claim = objects.one(ResourceCatalog.persistentVolumeClaims, namespace: item.namespace, name: item.name) else { return Plan() }
        if claim.meta.isDeleting {
            let isUsed = objects.all(ResourceCatalog.pods, namespace: item.namespace).contains { pod in
                !pod.isPodTerminal && pod.podClaimNames.contains(item.name) && !(pod.text("spec", "nodeName").isEmpty && pod.meta.isDeleting)
            }
            let isProtected = claim.meta.finalizers.contains(Self.protection)
            return Plan(operations: isProtected && !isUsed ? [claim.withoutFinalizer(Self.protection)] : [])
        }
        let storage = objects.one(ResourceCatalog.storageClasses, name: claim.text("spec", "storageClassName"))
        if claim.text("spec", "volumeName").isEmpty {
            let chosen = claim.meta.annotations[ClaimBinding.selectedNode] ?? ""
            return Self.find(
                claim, storage, volumes: objects.all(ResourceCatalog.persistentVolumes),
                node: objects.one(ResourceCatalog.nodes, name: chosen))
        }
        return Self.keep(claim, volume: objects.one(ResourceCatalog.persistentVolumes, name: claim.text("spec", "volumeName")))
    }

    /// For a claim without a volume.
    static func find(_ claim: JSONValue, _ storage: JSONValue?, volumes: [JSONValue], node: JSONValue?) -> Plan {
        let isDelayed = storage?.text("volumeBindingMode") == "WaitForFirstConsumer"
        if isDelayed, node == nil, !volumes.contains(where: { ClaimBinding.isReserved($0, for: claim) }) {
            return tell(claim, .normal, "WaitForFirstConsumer", "waiting for first consumer to be created before binding")
        }
        if let volume = ClaimBinding.bestVolume(for: claim, among: volumes, on: node) {
            return Plan(operations: ClaimBinding.bind(claim, to: volume))
        }
        guard let storage else {
            let name = claim.text("spec", "storageClassName")
            return name.isEmpty
                ? tell(claim, .normal, "FailedBinding", "no persistent volumes available for this claim and no storage class is set")
                : tell(claim, .warning, "ProvisioningFailed", "storageclass.storage.k8s.io \"\(name)\" not found")
        }
        let provisioner = storage.text("provisioner")
        guard provisioner != ClaimBinding.noProvisioner else {
            return tell(claim, .normal, "FailedBinding", "no persistent volumes available for this claim")
        }
        guard claim.meta.annotations[ClaimBinding.storageProvisioner] != provisioner else { return Plan() }
        var plan = Plan(operations: [
            .patch(
                claim.target, uid: claim.meta.uid,
                ["metadata": ["annotations": [ClaimBinding.storageProvisioner: .string(provisioner)]]])
        ])
        let message =
            "Waiting for a volume to be created either by the external provisioner '\(provisioner)' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered."
        plan.operations += tell(claim, .normal, "ExternalProvisioning", message).operations
        return plan
    }

    /// For a claim that names its volume.
    static func keep(_ claim: JSONValue, volume: JSONValue?) -> Plan {
        guard let volume else {
            return claim.isClaimBound ? lose(claim, "ClaimLost", "Bound claim has lost its PersistentVolume. Data on the volume is lost!") : Plan()
        }
        let isFree = volume.find("spec", "claimRef") == nil
        guard isFree || ClaimBinding.isReserved(volume, for: claim) else {
            if claim.isClaimBound {
                return lose(claim, "ClaimMisbound", "Two claims are bound to the same volume, this one is bound incorrectly")
            }
            return tell(claim, .warning, "FailedBinding", "volume \"\(volume.meta.name)\" already bound to a different claim.")
        }
        let isTied = volume.text("spec", "claimRef", "uid") == claim.meta.uid && volume.text("status", "phase") == "Bound"
        if isTied, claim.isClaimBound, claim.text("status", "phase") == "Bound" { return Plan() }
        return Plan(operations: ClaimBinding.bind(claim, to: volume))
    }

    private static func lose(_ claim: JSONValue, _ reason: String, _ message: String) -> Plan {
        guard claim.text("status", "phase") != "Lost" else { return Plan() }
        let change = Operation.patch(
            claim.target, uid: claim.meta.uid, ["status": ["phase": "Lost", "accessModes": .null, "capacity": .null]], to: .status)
        return Plan(operations: [change] + tell(claim, .warning, reason, message).operations)
    }

    private static func tell(_ claim: JSONValue, _ severity: Occurrence.Severity, _ reason: String, _ message: String) -> Plan {
        let subject = claim.reference
        return Plan(operations: [
            .record(Occurrence(subject: subject, severity: severity, reason: reason, message: message, component: ClaimBinding.component))
        ])
    }
}
