import FoundationEssentials
import KubeAPI

/// Lists, for each Service with a selector, the pods behind it: as EndpointSlices, and as Endpoints for older clients.
struct EndpointSliceController: Controller {
    let name = "endpointslice-controller"
    let watched = [ResourceCatalog.services, ResourceCatalog.pods, ResourceCatalog.endpointSlices]

    func items(concernedBy object: JSONValue, of resource: Resource, isGone: Bool, in objects: any ObjectReader) -> [WorkItem] {
        let namespace = object.meta.namespace
        switch resource {
        case ResourceCatalog.services: return [object.workItem]
        case ResourceCatalog.endpointSlices:
            guard object.meta.labels[EndpointPlan.managedBy] == EndpointPlan.manager, let service = object.meta.labels[EndpointPlan.serviceName]
            else { return [] }
            return [WorkItem(namespace: namespace, name: service)]
        default:
            let labels = object.meta.labels
            var items = Set(objects.all(ResourceCatalog.services, namespace: namespace).filter { service in
                let selector = service.textMap("spec", "selector")
                return !selector.isEmpty && Selector(labels: selector).matches(labels)
            }.map(\.workItem))
            // Its labels may have changed: the Services that list it still.
            for slice in objects.all(ResourceCatalog.endpointSlices, namespace: namespace) {
                guard let service = slice.meta.labels[EndpointPlan.serviceName] else { continue }
                if slice.items("endpoints").contains(where: { $0.text("targetRef", "uid") == object.meta.uid }) {
                    items.insert(WorkItem(namespace: namespace, name: service))
                }
            }
            return Array(items)
        }
    }

    func plan(_ item: WorkItem, in objects: any ObjectReader, now: Date) -> Plan {
        let slices = objects.all(ResourceCatalog.endpointSlices, namespace: item.namespace).filter {
            $0.meta.labels[EndpointPlan.serviceName] == item.name && $0.meta.labels[EndpointPlan.managedBy] == EndpointPlan.manager
        }
        let service = objects.one(ResourceCatalog.services, namespace: item.namespace, name: item.name)
        let endpoints = objects.one(ResourceCatalog.endpoints, namespace: item.namespace, name: item.name)
        return EndpointPlan.plan(
            service: service, pods: objects.all(ResourceCatalog.pods, namespace: item.namespace), slices: slices, endpoints: endpoints)
    }
}
