import FoundationEssentials
import KubeAPI

/// Deletes what has lost its last owner, and finishes foreground and orphaning deletions.
/// Source: k8s `pkg/controller/garbagecollector`.
struct GarbageCollector: Controller {
    let name = "garbage-collector"
    let watched = ResourceCatalog.all.filter { $0.isStored && $0.storageName != "events" }
    private static let foreground = "foregroundDeletion"
    private static let orphan = "orphan"

    /// Most changes concern no owner: then nothing is looked at.
    func items(concernedBy object: JSONValue, of resource: Resource, isGone: Bool, in objects: any ObjectReader) -> [WorkItem] {
        if isGone { return [.everything] }
        if object.meta.isDeleting {
            return object.meta.finalizers.contains(Self.foreground) || object.meta.finalizers.contains(Self.orphan) ? [.everything] : []
        }
        return object.meta.owners.contains { Self.owner($0, of: object, in: objects) != .present } ? [.everything] : []
    }

    private enum Owner { case present, waitingForDependents, missing }

    private static func owner(_ reference: JSONValue, of dependent: JSONValue, in objects: any ObjectReader) -> Owner {
        // An owner of a kind that is not served here cannot be judged.
        guard let resource = ResourceCatalog.resource(reference.text("apiVersion"), kind: reference.text("kind")) else { return .present }
        let owner = objects.one(resource, namespace: dependent.meta.namespace, name: reference.text("name"))
        guard let owner, owner.meta.uid == reference.text("uid") else { return .missing }
        return owner.meta.isDeleting && owner.meta.finalizers.contains(foreground) ? .waitingForDependents : .present
    }

    func plan(_ item: WorkItem, in objects: any ObjectReader, now: Date) -> Plan {
        let all = watched.flatMap { objects.all($0) }
        var dependents: [String: [JSONValue]] = [:]
        for object in all {
            for reference in object.meta.owners { dependents[reference.text("uid"), default: []].append(object) }
        }
        var plan = Plan()
        var deletions: [[Operation]] = []
        for object in all {
            let mine = dependents[object.meta.uid] ?? []
            if object.meta.isDeleting {
                if object.meta.finalizers.contains(Self.orphan) {
                    plan.operations += mine.map { dependent in
                        PodOwnership.ownersPatch(dependent, dependent.meta.owners.filter { $0.text("uid") != object.meta.uid })
                    }
                    plan.operations.append(object.withoutFinalizer(Self.orphan))
                } else if object.meta.finalizers.contains(Self.foreground), !mine.contains(where: { Self.blocks($0, object) }) {
                    plan.operations.append(object.withoutFinalizer(Self.foreground))
                }
                continue
            }
            let owners = object.meta.owners.map { ($0, Self.owner($0, of: object, in: objects)) }
            guard owners.contains(where: { $0.1 != .present }) else { continue }
            let present = owners.filter { $0.1 == .present }.map(\.0)
            if present.isEmpty {
                deletions.append([.delete(object.target, uid: object.meta.uid)])
            } else {
                plan.operations.append(PodOwnership.ownersPatch(object, present))
            }
        }
        if !deletions.isEmpty { plan.operations.append(.together(deletions)) }
        return plan
    }

    private static func blocks(_ dependent: JSONValue, _ owner: JSONValue) -> Bool {
        dependent.meta.owners.contains { $0.text("uid") == owner.meta.uid && $0.flag("blockOwnerDeletion") }
    }
}
