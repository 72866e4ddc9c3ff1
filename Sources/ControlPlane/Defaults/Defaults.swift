package import KubeAPI

/// Fills what the writer left out, as the Kubernetes API server does before it stores an object. Idempotent: it runs on every
/// create and update. Source: k8s `pkg/apis/*/v1/defaults.go`.
package enum Defaults {
    package static func apply(to object: inout JSONValue) {
        switch object.kindName {
        case "Pod": pod(&object)
        case "Service": object.modify("spec", serviceSpec)
        case "StatefulSet": object.modify("spec", statefulSetSpec)
        case "DaemonSet": object.modify("spec", daemonSetSpec)
        case "Deployment", "ReplicaSet": object.modify("spec", replicaSpec)
        case "PersistentVolumeClaim": claim(&object)
        case "PersistentVolume": object.modify("spec", volumeSpec)
        case "StorageClass":
            object.fill("reclaimPolicy", "Delete")
            object.fill("volumeBindingMode", "Immediate")
        case "Secret": secret(&object)
        case "Namespace": namespace(&object)
        default: break
        }
    }

    private static func namespace(_ object: inout JSONValue) {
        object.modify("metadata", orEmpty: true) { meta in
            let name = meta.text("name")
            guard !name.isEmpty else { return }
            meta.modify("labels", orEmpty: true) { $0["kubernetes.io/metadata.name"] = .string(name) }
        }
    }

    /// `stringData` is write-only: its values are stored in `data`, in base64, over those already there.
    private static func secret(_ object: inout JSONValue) {
        object.fill("type", "Opaque")
        let plain = object.fields("stringData")
        if !plain.isEmpty {
            object.modify("data", orEmpty: true) { data in
                for (key, value) in plain { data[key] = .string(Base64.encode(value.string ?? "")) }
            }
        }
        object["stringData"] = nil
    }

    private static func replicaSpec(_ spec: inout JSONValue) {
        spec.fill("replicas", 1)
        spec.modify("template", podTemplate)
    }

    private static func statefulSetSpec(_ spec: inout JSONValue) {
        spec.fill("podManagementPolicy", "OrderedReady")
        spec.modify("updateStrategy", orEmpty: true) { strategy in
            strategy.fill("type", "RollingUpdate")
            guard strategy.text("type") == "RollingUpdate" else { return }
            strategy.modify("rollingUpdate", orEmpty: true) { $0.fill("partition", 0) }
        }
        spec.modify("persistentVolumeClaimRetentionPolicy", orEmpty: true) { policy in
            policy.fill("whenDeleted", "Retain")
            policy.fill("whenScaled", "Retain")
        }
        spec.fill("replicas", 1)
        spec.fill("revisionHistoryLimit", 10)
        spec.modify("template", podTemplate)
        spec.modifyEach("volumeClaimTemplates") { template in
            template.fill("apiVersion", "v1")
            template.fill("kind", "PersistentVolumeClaim")
            claim(&template)
        }
    }

    private static func daemonSetSpec(_ spec: inout JSONValue) {
        spec.modify("updateStrategy", orEmpty: true) { strategy in
            strategy.fill("type", "RollingUpdate")
            guard strategy.text("type") == "RollingUpdate" else { return }
            strategy.modify("rollingUpdate", orEmpty: true) { rolling in
                rolling.fill("maxUnavailable", 1)
                rolling.fill("maxSurge", 0)
            }
        }
        spec.fill("revisionHistoryLimit", 10)
        spec.modify("template", podTemplate)
    }

    private static func podTemplate(_ template: inout JSONValue) {
        template.modify("metadata", orEmpty: true) { _ in }
        template.modify("spec", podSpec)
    }

    private static func serviceSpec(_ spec: inout JSONValue) {
        spec.fill("sessionAffinity", "None")
        spec.fill("type", "ClusterIP")
        if spec.text("sessionAffinity") == "ClientIP" {
            spec.modify("sessionAffinityConfig", orEmpty: true) { config in
                config.modify("clientIP", orEmpty: true) { $0.fill("timeoutSeconds", 10800) }
            }
        }
        let type = spec.text("type")
        if type != "ExternalName" { spec.fill("internalTrafficPolicy", "Cluster") }
        if type == "NodePort" || type == "LoadBalancer" { spec.fill("externalTrafficPolicy", "Cluster") }
        if type == "LoadBalancer" { spec.fill("allocateLoadBalancerNodePorts", true) }
        spec.modifyEach("ports") { port in
            port.fill("protocol", "TCP")
            let target = port["targetPort"]
            if target == nil || target == .null || target == 0 || target == "" { port["targetPort"] = port["port"] }
        }
    }

    private static func claim(_ claim: inout JSONValue) {
        claim.modify("spec") { $0.fill("volumeMode", "Filesystem") }
        claim.modify("status", orEmpty: true) { $0.fill("phase", "Pending") }
    }

    private static func volumeSpec(_ spec: inout JSONValue) {
        spec.fill("persistentVolumeReclaimPolicy", "Retain")
        spec.fill("volumeMode", "Filesystem")
        spec.modify("hostPath") { $0.fill("type", "") }
    }
}

// MARK: - Filling in place

extension JSONValue {
    /// Sets `key` where it is missing, null, or the empty string, Go's unset values.
    mutating func fill(_ key: String, _ value: JSONValue) {
        switch self[key] {
        case nil, .null?, .string("")?: self[key] = value
        default: break
        }
    }

    /// Like `fill`, for numbers whose zero means unset.
    mutating func fillZero(_ key: String, _ value: Int) {
        if number(key) ?? 0 == 0, self[key]?.double == nil || self[key]?.int == 0 { self[key] = .int(value) }
    }

    /// Changes the object or list at `key` when there is one, or from an empty object when `orEmpty`.
    mutating func modify(_ key: String, orEmpty: Bool = false, _ body: (inout JSONValue) -> Void) {
        var child: JSONValue
        switch self[key] {
        case nil, .null?:
            guard orEmpty else { return }
            child = .object([:])
        case let value?: child = value
        }
        body(&child)
        self[key] = child
    }

    mutating func modifyEach(_ key: String, _ body: (inout JSONValue) -> Void) {
        guard var list = self[key]?.array, !list.isEmpty else { return }
        for index in list.indices { body(&list[index]) }
        self[key] = .array(list)
    }
}
