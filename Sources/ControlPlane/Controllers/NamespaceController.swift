import FoundationEssentials
import KubeAPI

/// Gives each namespace its default account and the cluster's root certificate, and empties a namespace that is deleted.
struct NamespaceController: Controller {
    let name = "namespace-controller"
    let rootCertificate: String
    let watched = ResourceCatalog.all.filter { $0.isStored && ($0.isNamespaced || $0 == ResourceCatalog.namespaces) && $0 != ResourceCatalog.newEvents }
    private static let certificateMap = "kube-root-ca.crt"

    func items(concernedBy object: JSONValue, of resource: Resource, isGone: Bool, in objects: any ObjectReader) -> [WorkItem] {
        if resource == ResourceCatalog.namespaces { return isGone ? [] : [WorkItem(name: object.meta.name)] }
        let isPublished = resource == ResourceCatalog.configMaps && object.meta.name == Self.certificateMap
        let isAccount = resource == ResourceCatalog.serviceAccounts && object.meta.name == "default" && isGone
        if isPublished || isAccount { return [WorkItem(name: object.meta.namespace)] }
        guard isGone, objects.one(ResourceCatalog.namespaces, name: object.meta.namespace)?.meta.isDeleting == true else { return [] }
        return [WorkItem(name: object.meta.namespace)]
    }

    func plan(_ item: WorkItem, in objects: any ObjectReader, now: Date) -> Plan {
        guard let namespace = objects.one(ResourceCatalog.namespaces, name: item.name) else { return Plan() }
        return namespace.meta.isDeleting ? empty(namespace, objects) : furnish(namespace, objects)
    }

    private func furnish(_ namespace: JSONValue, _ objects: any ObjectReader) -> Plan {
        let name = namespace.meta.name
        var plan = Plan()
        if objects.one(ResourceCatalog.serviceAccounts, namespace: name, name: "default") == nil {
            plan.operations.append(.create(Self.object("ServiceAccount", "default", in: name)))
        }
        let data: JSONValue = ["ca.crt": .string(rootCertificate)]
        if let existing = objects.one(ResourceCatalog.configMaps, namespace: name, name: Self.certificateMap) {
            if let change = mergePatch(from: existing["data"] ?? [:], to: data) {
                plan.operations.append(.patch(existing.target, uid: existing.meta.uid, ["data": change]))
            }
        } else {
            var map = Self.object("ConfigMap", Self.certificateMap, in: name)
            map.set("metadata", "annotations", to: [
                "kubernetes.io/description":
                    "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters."
            ])
            map["data"] = data
            plan.operations.append(.create(map))
        }
        return plan
    }

    static func object(_ kind: String, _ name: String, in namespace: String) -> JSONValue {
        ["apiVersion": "v1", "kind": .string(kind), "metadata": ["name": .string(name), "namespace": .string(namespace)]]
    }

    /// Everything in it is deleted; once nothing is left, so is the namespace.
    private func empty(_ namespace: JSONValue, _ objects: any ObjectReader) -> Plan {
        let content = watched.filter(\.isNamespaced).flatMap { objects.all($0, namespace: namespace.meta.name) }
        guard content.isEmpty else {
            let strands = content.filter { !$0.meta.isDeleting }.map { [Operation.delete($0.target, uid: $0.meta.uid)] }
            return Plan(operations: strands.isEmpty ? [] : [.together(strands)])
        }
        let others = namespace.texts("spec", "finalizers").filter { $0 != "kubernetes" }
        guard others.count != namespace.texts("spec", "finalizers").count else { return Plan() }
        return Plan(operations: [.patch(namespace.target, uid: namespace.meta.uid, ["spec": ["finalizers": others.json]], to: .finalize)])
    }
}
