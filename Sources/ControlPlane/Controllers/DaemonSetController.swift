import FoundationEssentials
import KubeAPI

/// Keeps one pod of each DaemonSet on every node that takes it.
struct DaemonSetController: Controller {
    let name = "daemonset-controller"
    let watched = [ResourceCatalog.daemonSets, ResourceCatalog.pods, ResourceCatalog.nodes, ResourceCatalog.controllerRevisions]

    func items(concernedBy object: JSONValue, of resource: Resource, isGone: Bool, in objects: any ObjectReader) -> [WorkItem] {
        switch resource {
        case ResourceCatalog.daemonSets: return isGone ? [] : [object.workItem]
        case ResourceCatalog.nodes: return objects.all(ResourceCatalog.daemonSets).map(\.workItem)
        default:
            if let controller = object.meta.controller {
                guard controller.text("kind") == "DaemonSet" else { return [] }
                return [WorkItem(namespace: object.meta.namespace, name: controller.text("name"))]
            }
            return objects.all(ResourceCatalog.daemonSets, namespace: object.meta.namespace)
                .filter { Selector($0.find("spec", "selector"))?.matches(object.meta.labels) ?? false }.map(\.workItem)
        }
    }

    func plan(_ item: WorkItem, in objects: any ObjectReader, now: Date) -> Plan {
        guard let set = objects.one(ResourceCatalog.daemonSets, namespace: item.namespace, name: item.name) else { return Plan() }
        return DaemonSetPlanner.plan(
            DaemonSetState(
                set: set, pods: objects.all(ResourceCatalog.pods, namespace: item.namespace), nodes: objects.all(ResourceCatalog.nodes),
                revisions: objects.all(ResourceCatalog.controllerRevisions, namespace: item.namespace), now: now))
    }
}
