import KubeAPI

/// What a pod gets from the cluster when it is created: its account and token, its priority, its standard tolerations, and
/// the beginning of its status. Source: k8s `plugin/pkg/admission/{serviceaccount,priority,defaulttolerationseconds}`.
struct PodAdmission {
    let objects: any ObjectReader

    func complete(_ pod: inout JSONValue, _ request: AdmissionRequest) throws(APIError) {
        if pod.meta.annotations["kubernetes.io/config.mirror"] == nil {
            try assignAccount(&pod, request)
        }
        try assignPriority(&pod, request)
        try RuntimeClassAdmission(objects: objects).complete(&pod, request)
        tolerateShortOutages(&pod)
        Self.mergeLabelKeys(into: &pod)
        pod["status"] = ["phase": "Pending", "qosClass": .string(Self.qualityOfService(of: pod))]
    }

    private static let tokenDirectory = "/var/run/secrets/kubernetes.io/serviceaccount"

    private func assignAccount(_ pod: inout JSONValue, _ request: AdmissionRequest) throws(APIError) {
        if pod.text("spec", "serviceAccountName").isEmpty {
            pod.set("spec", "serviceAccountName", to: "default")
            pod.set("spec", "serviceAccount", to: "default")
        }
        let name = pod.text("spec", "serviceAccountName")
        let account = objects.one(ResourceCatalog.serviceAccounts, namespace: request.namespace, name: name)
        // Every namespace is given its `default` account; a pod may be faster.
        guard account != nil || name == "default" else {
            throw .forbidden(
                request.resource, request.name,
                "error looking up service account \(request.namespace)/\(name): serviceaccount \"\(name)\" not found")
        }
        if pod.items("spec", "imagePullSecrets").isEmpty, let secrets = account?.items("imagePullSecrets"), !secrets.isEmpty {
            pod.set("spec", "imagePullSecrets", to: .array(secrets))
        }
        let wish = pod.find("spec", "automountServiceAccountToken")?.bool ?? account?.find("automountServiceAccountToken")?.bool
        if wish ?? true { mountToken(in: &pod) }
    }

    /// The projected volume with token, CA and namespace, in every container that has nothing mounted there.
    private func mountToken(in pod: inout JSONValue) {
        let existing = pod.items("spec", "volumes").map { $0.text("name") }.first { $0.hasPrefix("kube-api-access-") }
        var generator = SystemRandomNumberGenerator()
        let name = existing ?? "kube-api-access-" + SafeName.random(5, using: &generator)
        var isUsed = false
        for list in ["containers", "initContainers"] {
            pod.modify("spec") { spec in
                spec.modifyEach(list) { container in
                    var mounts = container.items("volumeMounts")
                    guard !mounts.contains(where: { $0.text("mountPath") == Self.tokenDirectory }) else { return }
                    mounts.append(["name": .string(name), "readOnly": true, "mountPath": .string(Self.tokenDirectory)])
                    container["volumeMounts"] = .array(mounts)
                    isUsed = true
                }
            }
        }
        guard isUsed, existing == nil else { return }
        let volume: JSONValue = [
            "name": .string(name),
            "projected": [
                "defaultMode": 420,
                "sources": [
                    ["serviceAccountToken": ["expirationSeconds": 3607, "path": "token"]],
                    ["configMap": ["name": "kube-root-ca.crt", "items": [["key": "ca.crt", "path": "ca.crt"]]]],
                    [
                        "downwardAPI": [
                            "items": [["path": "namespace", "fieldRef": ["apiVersion": "v1", "fieldPath": "metadata.namespace"]]]
                        ]
                    ],
                ],
            ],
        ]
        pod.set("spec", "volumes", to: .array(pod.items("spec", "volumes") + [volume]))
    }

    /// The two classes every cluster has; others are not served.
    static let priorities = ["system-node-critical": 2_000_001_000, "system-cluster-critical": 2_000_000_000]

    private func assignPriority(_ pod: inout JSONValue, _ request: AdmissionRequest) throws(APIError) {
        let name = pod.text("spec", "priorityClassName")
        guard name.isEmpty || Self.priorities[name] != nil else {
            throw .forbidden(request.resource, request.name, "no PriorityClass with name \(name) was found")
        }
        let priority = Self.priorities[name] ?? 0
        if let own = pod.number("spec", "priority"), own != priority {
            throw .forbidden(
                request.resource, request.name,
                "the integer value of priority (\(own)) must not be provided in pod spec; priority admission controller computed \(priority) from the given PriorityClass name")
        }
        pod.set("spec", "priority", to: .int(priority))
        pod.modify("spec") { $0.fill("preemptionPolicy", "PreemptLowerPriority") }
    }

    private func tolerateShortOutages(_ pod: inout JSONValue) {
        var tolerations = pod.items("spec", "tolerations")
        for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
            let isTolerated = tolerations.contains { toleration in
                [key, ""].contains(toleration.text("key")) && ["NoExecute", ""].contains(toleration.text("effect"))
            }
            if !isTolerated {
                tolerations.append(["key": .string(key), "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300])
            }
        }
        pod.set("spec", "tolerations", to: .array(tolerations))
    }

    /// Guaranteed, Burstable or BestEffort. Source: k8s `pkg/apis/core/v1/helper/qos`.
    static func qualityOfService(of pod: JSONValue) -> String {
        var isAnythingAsked = false
        var isGuaranteed = true
        let counted = ["cpu", "memory"]
        // Pod-level amounts take the place of the containers'.
        let own = pod.find("spec", "resources").flatMap { resources in
            counted.contains { resources.find("requests", $0) != nil || resources.find("limits", $0) != nil } ? resources : nil
        }
        let parts = own.map { [["resources": $0]] } ?? pod.items("spec", "containers") + pod.items("spec", "initContainers")
        for container in parts {
            for name in ["cpu", "memory"] {
                let limit = container.quantity("resources", "limits", name).flatMap { $0.milliValue > 0 ? $0 : nil }
                let request = container.quantity("resources", "requests", name).flatMap { $0.milliValue > 0 ? $0 : nil } ?? limit
                if limit != nil || request != nil { isAnythingAsked = true }
                if limit == nil || request != limit { isGuaranteed = false }
            }
        }
        if !isAnythingAsked { return "BestEffort" }
        return isGuaranteed ? "Guaranteed" : "Burstable"
    }

    /// Rules that look for the values which this pod itself has under some keys become plain ones once those are known.
    /// Source: Kubernetes API, `matchLabelKeys` of PodAffinityTerm and TopologySpreadConstraint.
    static func mergeLabelKeys(into pod: inout JSONValue) {
        let labels = pod.meta.labels
        func merge(_ rule: inout JSONValue) {
            for (list, sign) in [("matchLabelKeys", "In"), ("mismatchLabelKeys", "NotIn")] {
                for key in rule.texts(list) {
                    guard let value = labels[key] else { continue }
                    let expression: JSONValue = ["key": .string(key), "operator": .string(sign), "values": [.string(value)]]
                    let known = rule.items("labelSelector", "matchExpressions")
                    if !known.contains(expression) { rule.set("labelSelector", "matchExpressions", to: .array(known + [expression])) }
                }
            }
        }
        pod.modify("spec") { spec in
            spec.modifyEach("topologySpreadConstraints", merge)
            spec.modify("affinity") { affinity in
                for kind in ["podAffinity", "podAntiAffinity"] {
                    affinity.modify(kind) { rules in
                        rules.modifyEach("requiredDuringSchedulingIgnoredDuringExecution", merge)
                        rules.modifyEach("preferredDuringSchedulingIgnoredDuringExecution") { $0.modify("podAffinityTerm", merge) }
                    }
                }
            }
        }
    }
}
