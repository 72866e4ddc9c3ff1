import FoundationEssentials
import KubeAPI

/// Removes pods nobody will ever finish: deleted before they had a node, deleted with a node that is gone, and the oldest
/// of too many that have ended. Source: k8s `pkg/controller/podgc`.
struct PodCollector: Controller {
    let name = "pod-garbage-collector"
    let watched = [ResourceCatalog.pods, ResourceCatalog.nodes]
    let limit: Int

    func items(concernedBy object: JSONValue, of resource: Resource, isGone: Bool, in objects: any ObjectReader) -> [WorkItem] {
        if resource == ResourceCatalog.nodes { return isGone ? [.everything] : [] }
        return !isGone && (object.meta.isDeleting || object.isPodTerminal) ? [.everything] : []
    }

    func plan(_ item: WorkItem, in objects: any ObjectReader, now: Date) -> Plan {
        let nodes = Set(objects.all(ResourceCatalog.nodes).map(\.meta.name))
        return Self.plan(objects.all(ResourceCatalog.pods), nodes: nodes, limit: limit)
    }

    static func plan(_ pods: [JSONValue], nodes: Set<String>, limit: Int) -> Plan {
        let abandoned = pods.filter { $0.meta.isDeleting && !nodes.contains($0.text("spec", "nodeName")) }
        let ended = pods.filter { $0.isPodTerminal && !$0.meta.isDeleting }.sorted { left, right in
            let (a, b) = (left.meta.json.text("creationTimestamp"), right.meta.json.text("creationTimestamp"))
            return (a, left.meta.namespace, left.meta.name) < (b, right.meta.namespace, right.meta.name)
        }
        let surplus = ended.prefix(max(0, ended.count - limit))
        return Plan(operations: (abandoned + surplus).map { .delete($0.target, uid: $0.meta.uid, gracePeriod: 0) })
    }
}

/// Forgets Events after an hour or so. It looks every ten minutes: an Event that lives a little longer harms nobody.
struct EventCollector: Controller {
    let name = "event-ttl-controller"
    let watched: [Resource] = []
    let lifetime: Duration

    func items(concernedBy object: JSONValue, of resource: Resource, isGone: Bool, in objects: any ObjectReader) -> [WorkItem] { [] }

    func plan(_ item: WorkItem, in objects: any ObjectReader, now: Date) -> Plan {
        let oldest = now.addingTimeInterval(-Double(lifetime.components.seconds))
        let expired = objects.all(ResourceCatalog.events).filter { event in
            let times = [event.text("lastTimestamp"), event.text("series", "lastObservedTime"), event.text("eventTime")].compactMap { Timestamp($0)?.date }
            return (times.max() ?? event.meta.creationTimestamp?.date ?? now) < oldest
        }
        let strands = expired.map { [Operation.delete($0.target, uid: $0.meta.uid)] }
        return Plan(operations: strands.isEmpty ? [] : [.together(strands)], lookAgainAfter: .seconds(600))
    }
}
