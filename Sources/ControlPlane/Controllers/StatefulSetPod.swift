import KubeAPI

/// The pods and claims a StatefulSet's members consist of: stable names, stable storage.
enum StatefulSetPod {
    /// `web-3` is member 3 of `web`; nil for a pod of another name.
    static func ordinal(of pod: String, in set: String) -> Int? {
        guard pod.hasPrefix("\(set)-") else { return nil }
        let digits = pod.dropFirst(set.count + 1)
        guard let ordinal = Int(digits), ordinal >= 0, "\(ordinal)" == digits else { return nil }
        return ordinal
    }

    static func identityLabels(_ name: String, _ ordinal: Int) -> [String: String] {
        ["statefulset.kubernetes.io/pod-name": name, "apps.kubernetes.io/pod-index": "\(ordinal)"]
    }

    static func claimName(template: String, pod: String) -> String { "\(template)-\(pod)" }

    /// Member `ordinal` by the set's template; `revision` is the name of the template's ControllerRevision.
    static func pod(_ ordinal: Int, of set: JSONValue, revision: String) -> JSONValue {
        let name = "\(set.meta.name)-\(ordinal)"
        var pod = template(of: set, named: name)
        var labels = pod.textMap("metadata", "labels").merging(identityLabels(name, ordinal)) { $1 }
        labels["controller-revision-hash"] = revision
        pod.set("metadata", "labels", to: labels.json)
        pod.set("spec", "hostname", to: .string(name))
        let service = set.text("spec", "serviceName")
        if !service.isEmpty { pod.set("spec", "subdomain", to: .string(service)) }
        let templates = set.items("spec", "volumeClaimTemplates").map(\.meta.name)
        if !templates.isEmpty {
            let volumes = templates.map { template -> JSONValue in
                ["name": .string(template), "persistentVolumeClaim": ["claimName": .string(claimName(template: template, pod: name))]]
            }
            let others = pod.items("spec", "volumes").filter { !templates.contains($0.text("name")) }
            pod.set("spec", "volumes", to: .array(volumes + others))
        }
        return pod
    }

    /// A pod with the template's metadata and spec, controlled by `owner`; named later when `name` is nil.
    static func template(of owner: JSONValue, named name: String?) -> JSONValue {
        let template = owner.find("spec", "template") ?? .object([:])
        var metadata: JSONValue = ["namespace": .string(owner.meta.namespace), "ownerReferences": [owner.controllerReference]]
        if let name { metadata["name"] = .string(name) } else { metadata["generateName"] = .string("\(owner.meta.name)-") }
        for key in ["labels", "annotations", "finalizers"] {
            if let value = template.find("metadata", key) { metadata[key] = value }
        }
        return ["apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"] ?? .object([:])]
    }

    static func claims(_ ordinal: Int, of set: JSONValue) -> [JSONValue] {
        let pod = "\(set.meta.name)-\(ordinal)"
        let labels = set.textMap("spec", "selector", "matchLabels")
        return set.items("spec", "volumeClaimTemplates").map { template in
            var metadata: JSONValue = [
                "name": .string(claimName(template: template.meta.name, pod: pod)), "namespace": .string(set.meta.namespace),
                "labels": template.meta.labels.merging(labels) { $1 }.json,
            ]
            if !template.meta.annotations.isEmpty { metadata["annotations"] = template.meta.annotations.json }
            return ["apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": template["spec"] ?? .object([:])]
        }
    }
}
