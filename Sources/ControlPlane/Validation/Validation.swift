package import KubeAPI

/// Says what is wrong with an object, after defaulting. Pure: what other objects exist is admission's matter.
/// Source: k8s `pkg/apis/*/validation`.
package enum Validation {
    /// What is wrong with a new object.
    package static func create(_ object: JSONValue) -> [FieldError] {
        var findings = Findings()
        metadata(object, &findings)
        body(object, &findings)
        if object.kindName == "Pod", !object.items("spec", "ephemeralContainers").isEmpty {
            findings.add(FieldPath("spec.ephemeralContainers"), .forbidden("cannot be set on create"))
        }
        return findings.errors
    }

    /// What is wrong with `new` as the successor of `old`. `subresource` is empty, `status`, `scale`, …
    package static func update(_ new: JSONValue, from old: JSONValue, subresource: String = "") -> [FieldError] {
        var findings = Findings()
        metadata(new, &findings)
        metadataUpdate(new, old, &findings)
        guard ["", "scale", "ephemeralcontainers", "resize"].contains(subresource) else { return findings.errors }
        body(new, &findings)
        guard subresource != "ephemeralcontainers" else { return findings.errors }
        if subresource == "resize" {
            podResize(new, old, &findings)
            return findings.errors
        }
        switch new.kindName {
        case "Pod": podUpdate(new, old, &findings)
        case "Service": serviceUpdate(new, old, &findings)
        case "StatefulSet": statefulSetUpdate(new, old, &findings)
        case "DaemonSet", "Deployment", "ReplicaSet":
            findings.unchanged(new.find("spec", "selector"), old.find("spec", "selector"), at: FieldPath("spec.selector"))
        case "PersistentVolumeClaim": claimUpdate(new, old, &findings)
        case "PersistentVolume": volumeUpdate(new, old, &findings)
        case "StorageClass": storageClassUpdate(new, old, &findings)
        case "RuntimeClass": findings.unchanged(new["handler"], old["handler"], at: FieldPath("handler"))
        case "ConfigMap", "Secret": dataUpdate(new, old, &findings)
        case "ControllerRevision": findings.unchanged(new["data"], old["data"], at: FieldPath("data"))
        default: break
        }
        return findings.errors
    }

    private static func body(_ object: JSONValue, _ findings: inout Findings) {
        let spec = FieldPath("spec")
        switch object.kindName {
        case "Pod":
            podSpec(object["spec"] ?? .object([:]), at: spec, &findings)
        case "Service": service(object, &findings)
        case "StatefulSet": statefulSet(object, &findings)
        case "DaemonSet": daemonSet(object, &findings)
        case "Deployment", "ReplicaSet":
            findings.nonNegative(object.number("spec", "replicas"), at: spec.child("replicas"))
            selectorAndTemplate(object, &findings)
        case "PersistentVolumeClaim": claimSpec(object["spec"] ?? .object([:]), at: spec, &findings)
        case "PersistentVolume": volume(object, &findings)
        case "StorageClass": storageClass(object, &findings)
        case "ConfigMap", "Secret": data(object, &findings)
        case "RuntimeClass": runtimeClass(object, &findings)
        case "Node": taints(object, &findings)
        case "Lease": lease(object, &findings)
        default: break
        }
    }

    // MARK: metadata

    private static func nameRule(_ kind: String) -> (String) -> [String] {
        switch kind {
        case "Namespace": Naming.label
        case "Service": Naming.label1035
        case let kind where kind.hasSuffix("Role") || kind.hasSuffix("RoleBinding"): Naming.pathSegment
        default: Naming.subdomain
        }
    }

    private static func metadata(_ object: JSONValue, _ findings: inout Findings) {
        let field = FieldPath("metadata")
        let meta = object.meta
        if meta.name.isEmpty {
            findings.add(field.child("name"), .required("name or generateName is required"))
        } else {
            findings.check(meta.name, at: field.child("name"), nameRule(object.kindName))
        }
        if !meta.namespace.isEmpty { findings.check(meta.namespace, at: field.child("namespace"), Naming.label) }
        findings.labels(meta.labels, at: field.child("labels"))
        var size = 0
        for (key, value) in meta.annotations {
            findings.check(key.lowercased(), at: field.child("annotations"), Naming.qualifiedName)
            size += key.utf8.count + value.utf8.count
        }
        if size > 256 * 1024 { findings.add(field.child("annotations"), .tooLong(bytes: 256 * 1024)) }
        for (index, owner) in meta.owners.enumerated() {
            let path = field.child("ownerReferences").index(index)
            for key in ["apiVersion", "kind", "name", "uid"] where owner.text(key).isEmpty {
                findings.add(path.child(key), .invalid("", "must not be empty"))
            }
        }
        if meta.owners.filter({ $0.flag("controller") }).count > 1 {
            let list = JSONValue.array(meta.owners)
            findings.add(field.child("ownerReferences"), .invalid(list, "Only one reference can have Controller set to true"))
        }
        for finalizer in meta.finalizers {
            findings.check(finalizer, at: field.child("finalizers"), Naming.qualifiedName)
        }
    }

    private static func metadataUpdate(_ new: JSONValue, _ old: JSONValue, _ findings: inout Findings) {
        let field = FieldPath("metadata")
        for key in ["name", "namespace", "uid", "creationTimestamp", "deletionTimestamp"] {
            findings.unchanged(new.find("metadata", key), old.find("metadata", key), at: field.child(key))
        }
        if old.meta.isDeleting {
            let added = Set(new.meta.finalizers).subtracting(old.meta.finalizers).sorted()
            if !added.isEmpty {
                let detail = "no new finalizers can be added if the object is being deleted, found new finalizers \(added)"
                findings.add(field.child("finalizers"), .forbidden(detail))
            }
        }
    }

    // MARK: small kinds

    private static func data(_ object: JSONValue, _ findings: inout Findings) {
        var size = 0
        let isSecret = object.kindName == "Secret"
        for map in ["data", "binaryData"] {
            for (key, value) in object.fields(map).sorted(by: { $0.key < $1.key }) {
                findings.check(key, at: FieldPath(map).key(key), Naming.configKey)
                size += value.string?.utf8.count ?? 0
                if isSecret || map == "binaryData", Base64.decode(value.string ?? "") == nil {
                    findings.add(FieldPath(map).key(key), .invalid("<value>", "must be base64"))
                }
            }
        }
        for key in object.fields("binaryData").keys where object.find("data", key) != nil {
            findings.add(FieldPath("data").key(key), .invalid(.string(key), "duplicate of key present in binaryData"))
        }
        let limit = 1024 * 1024 * (isSecret ? 4 : 3) / 3
        if size > limit { findings.add(FieldPath(isSecret ? "data" : ""), .tooLong(bytes: 1024 * 1024)) }
        guard isSecret else { return }
        let required: [String: [String]] = [
            "kubernetes.io/dockerconfigjson": [".dockerconfigjson"], "kubernetes.io/dockercfg": [".dockercfg"],
            "kubernetes.io/tls": ["tls.crt", "tls.key"], "kubernetes.io/ssh-auth": ["ssh-privatekey"],
        ]
        for key in required[object.text("type")] ?? [] where object.find("data", key) == nil {
            findings.add(FieldPath("data").key(key), .required())
        }
    }

    private static func dataUpdate(_ new: JSONValue, _ old: JSONValue, _ findings: inout Findings) {
        if new.kindName == "Secret" { findings.unchanged(new["type"], old["type"], at: FieldPath("type")) }
        guard old.flag("immutable") else { return }
        let detail = "field is immutable when `immutable` is set"
        if !new.flag("immutable") { findings.add(FieldPath("immutable"), .forbidden(detail)) }
        for key in ["data", "binaryData"] where new.fields(key) != old.fields(key) {
            findings.add(FieldPath(key), .forbidden(detail))
        }
    }

    private static func runtimeClass(_ object: JSONValue, _ findings: inout Findings) {
        let handler = object.text("handler")
        if handler.isEmpty { findings.add(FieldPath("handler"), .required()) } else { findings.check(handler, at: FieldPath("handler"), Naming.label) }
        resources(["limits": .object(object.fields("overhead", "podFixed"))], at: FieldPath("overhead.podFixed"), &findings)
        findings.labels(object.textMap("scheduling", "nodeSelector"), at: FieldPath("scheduling.nodeSelector"))
    }

    private static func taints(_ node: JSONValue, _ findings: inout Findings) {
        for (index, taint) in node.items("spec", "taints").enumerated() {
            let path = FieldPath("spec.taints").index(index)
            findings.check(taint.text("key"), at: path.child("key"), Naming.qualifiedName)
            findings.oneOf(taint.text("effect"), ["NoSchedule", "PreferNoSchedule", "NoExecute"], at: path.child("effect"))
        }
    }

    private static func lease(_ lease: JSONValue, _ findings: inout Findings) {
        if let seconds = lease.number("spec", "leaseDurationSeconds") {
            findings.positive(seconds, at: FieldPath("spec.leaseDurationSeconds"))
        }
    }
}
