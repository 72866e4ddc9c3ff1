import FoundationEssentials
import KubeAPI

/// Makes the claims of generic ephemeral volumes: named for pod and volume, gone with the pod.
/// Source: k8s `pkg/controller/volume/ephemeral`.
struct EphemeralVolumes: Controller {
    let name = "ephemeral-volume-controller"
    let watched = [ResourceCatalog.pods, ResourceCatalog.persistentVolumeClaims]

    func items(concernedBy object: JSONValue, of resource: Resource, isGone: Bool, in objects: any ObjectReader) -> [WorkItem] {
        if resource == ResourceCatalog.pods {
            return !isGone && object.items("spec", "volumes").contains { $0.find("ephemeral") != nil } ? [object.workItem] : []
        }
        guard isGone, let owner = object.meta.controller, owner.text("kind") == "Pod" else { return [] }
        return [WorkItem(namespace: object.meta.namespace, name: owner.text("name"))]
    }

    func plan(_ item: WorkItem, in objects: any ObjectReader, now: Date) -> Plan {
        guard let pod = objects.one(ResourceCatalog.pods, namespace: item.namespace, name: item.name), !pod.meta.isDeleting, !pod.isPodTerminal
        else { return Plan() }
        var plan = Plan()
        for volume in pod.items("spec", "volumes") {
            guard let template = volume.find("ephemeral", "volumeClaimTemplate") else { continue }
            let name = "\(pod.meta.name)-\(volume.text("name"))"
            if let existing = objects.one(ResourceCatalog.persistentVolumeClaims, namespace: item.namespace, name: name) {
                if existing.meta.isControlled(by: pod.meta.uid) { continue }
                plan.operations.append(.record(occurrence(pod, "FailedBinding", "PVC \(name) was not created for pod \(pod.meta.name) (pod is not owner)")))
                continue
            }
            var metadata: JSONValue = [
                "name": .string(name), "namespace": .string(item.namespace), "ownerReferences": [pod.controllerReference],
            ]
            for key in ["labels", "annotations"] {
                if let value = template.find("metadata", key) { metadata[key] = value }
            }
            let claim: JSONValue = [
                "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": template["spec"] ?? .object([:]),
            ]
            let failure = occurrence(pod, "FailedCreate", "ephemeral volume \(volume.text("name")): creating claim \(name): ")
            plan.operations.append(.create(claim, announcing: Announcement(success: nil, failure: failure)))
        }
        return plan
    }

    private func occurrence(_ pod: JSONValue, _ reason: String, _ message: String) -> Occurrence {
        Occurrence(subject: pod.reference, severity: .warning, reason: reason, message: message, component: name)
    }
}
