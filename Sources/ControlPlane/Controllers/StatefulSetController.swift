import FoundationEssentials
import KubeAPI

/// Keeps the pods and claims of StatefulSets as their specs say.
struct StatefulSetController: Controller {
    let name = "statefulset-controller"
    let watched = [
        ResourceCatalog.statefulSets, ResourceCatalog.pods, ResourceCatalog.persistentVolumeClaims, ResourceCatalog.controllerRevisions,
    ]

    func items(concernedBy object: JSONValue, of resource: Resource, isGone: Bool, in objects: any ObjectReader) -> [WorkItem] {
        if resource == ResourceCatalog.statefulSets { return isGone ? [] : [object.workItem] }
        if let controller = object.meta.controller, controller.text("kind") != "Pod" {
            guard controller.text("kind") == "StatefulSet" else { return [] }
            return [WorkItem(namespace: object.meta.namespace, name: controller.text("name"))]
        }
        // An orphan pod may be adopted; a claim is known by its name.
        return objects.all(ResourceCatalog.statefulSets, namespace: object.meta.namespace).filter { set in
            resource == ResourceCatalog.pods
                ? Selector(set.find("spec", "selector"))?.matches(object.meta.labels) ?? false
                : set.items("spec", "volumeClaimTemplates").contains { object.meta.name.hasPrefix("\($0.meta.name)-\(set.meta.name)-") }
        }.map(\.workItem)
    }

    func plan(_ item: WorkItem, in objects: any ObjectReader, now: Date) -> Plan {
        guard let set = objects.one(ResourceCatalog.statefulSets, namespace: item.namespace, name: item.name) else { return Plan() }
        let claims = set.items("spec", "volumeClaimTemplates").isEmpty
            ? [] : objects.all(ResourceCatalog.persistentVolumeClaims, namespace: item.namespace)
        return StatefulSetPlanner.plan(
            StatefulSetState(
                set: set, pods: objects.all(ResourceCatalog.pods, namespace: item.namespace),
                claims: Dictionary(claims.map { ($0.meta.name, $0) }) { $1 },
                revisions: objects.all(ResourceCatalog.controllerRevisions, namespace: item.namespace), now: now))
    }
}
