import FoundationEssentials
import KubeAPI

/// Keeps the phases of volumes: Available, Bound, Released. A released volume is removed by whoever provisioned it.
struct VolumeController: Controller {
    let name = "persistentvolume-controller"
    let watched = [ResourceCatalog.persistentVolumes, ResourceCatalog.persistentVolumeClaims]
    private static let protection = "kubernetes.io/pv-protection"

    func items(concernedBy object: JSONValue, of resource: Resource, isGone: Bool, in objects: any ObjectReader) -> [WorkItem] {
        if resource == ResourceCatalog.persistentVolumes { return isGone ? [] : [WorkItem(name: object.meta.name)] }
        let name = object.text("spec", "volumeName")
        return name.isEmpty ? [] : [WorkItem(name: name)]
    }

    func plan(_ item: WorkItem, in objects: any ObjectReader, now: Date) -> Plan {
        guard let volume = objects.one(ResourceCatalog.persistentVolumes, name: item.name) else { return Plan() }
        let reference = volume.find("spec", "claimRef")
        let claim = reference.flatMap {
            objects.one(ResourceCatalog.persistentVolumeClaims, namespace: $0.text("namespace"), name: $0.text("name"))
        }
        return Self.plan(volume, reference: reference, claim: claim)
    }

    static func plan(_ volume: JSONValue, reference: JSONValue?, claim: JSONValue?) -> Plan {
        let uid = reference?.text("uid") ?? ""
        let owner = claim.flatMap { uid.isEmpty || $0.meta.uid == uid ? $0 : nil }
        if volume.meta.isDeleting {
            // The claim that still uses it keeps it.
            let isUsed = owner.map { $0.text("spec", "volumeName") == volume.meta.name } ?? false
            let isProtected = volume.meta.finalizers.contains(protection)
            return Plan(operations: isProtected && !isUsed ? [volume.withoutFinalizer(protection)] : [])
        }
        let phase: String
        if reference == nil || uid.isEmpty {
            phase = "Available"
        } else if let owner {
            if owner.text("spec", "volumeName") == volume.meta.name {
                phase = "Bound"
            } else if owner.text("spec", "volumeName").isEmpty {
                return Plan()  // about to be bound
            } else {
                phase = "Released"
            }
        } else {
            phase = "Released"
        }
        guard volume.text("status", "phase") != phase, volume.text("status", "phase") != "Failed" else { return Plan() }
        return Plan(operations: [.patch(volume.target, uid: volume.meta.uid, ["status": ["phase": .string(phase)]], to: .status)])
    }
}
