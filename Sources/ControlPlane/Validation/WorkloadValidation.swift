import KubeAPI

extension Validation {
    static func selectorAndTemplate(_ object: JSONValue, _ findings: inout Findings) {
        let spec = FieldPath("spec")
        let labels = object.textMap("spec", "template", "metadata", "labels")
        if let selector = object.find("spec", "selector") {
            findings.labelSelector(selector, at: spec.child("selector"))
            let isEmpty = selector.fields("matchLabels").isEmpty && selector.items("matchExpressions").isEmpty
            if isEmpty {
                findings.add(spec.child("selector"), .invalid(selector, "empty selector is invalid for \(object.kindName.lowercased())"))
            } else if let rules = Selector(selector), !rules.matches(labels) {
                findings.add(spec.child("template").child("metadata").child("labels"), .invalid(labels.json, "`selector` does not match template `labels`"))
            }
        } else {
            findings.add(spec.child("selector"), .required())
        }
        findings.labels(labels, at: spec.child("template").child("labels"))
        let template = spec.child("template").child("spec")
        podSpec(object.find("spec", "template", "spec") ?? .object([:]), at: template, &findings)
        let policy = object.text("spec", "template", "spec", "restartPolicy")
        if policy != "Always", ["OnFailure", "Never"].contains(policy) {
            findings.add(template.child("restartPolicy"), .notSupported(policy, ["Always"]))
        }
        if !object.items("spec", "template", "spec", "ephemeralContainers").isEmpty {
            findings.add(template.child("ephemeralContainers"), .forbidden("ephemeral containers not allowed in pod template"))
        }
        if object.number("spec", "template", "spec", "activeDeadlineSeconds") != nil {
            findings.add(template.child("activeDeadlineSeconds"), .forbidden("activeDeadlineSeconds in \(object.kindName) is not Supported"))
        }
        findings.nonNegative(object.number("spec", "minReadySeconds"), at: spec.child("minReadySeconds"))
        findings.nonNegative(object.number("spec", "revisionHistoryLimit"), at: spec.child("revisionHistoryLimit"))
    }

    static func statefulSet(_ set: JSONValue, _ findings: inout Findings) {
        let spec = FieldPath("spec")
        findings.oneOf(set.text("spec", "podManagementPolicy"), ["OrderedReady", "Parallel"], at: spec.child("podManagementPolicy"))
        let strategy = set.text("spec", "updateStrategy", "type")
        findings.oneOf(strategy, ["OnDelete", "RollingUpdate"], at: spec.child("updateStrategy").child("type"))
        let rolling = spec.child("updateStrategy").child("rollingUpdate")
        if strategy == "OnDelete", set.find("spec", "updateStrategy", "rollingUpdate") != nil {
            findings.add(rolling, .invalid(set.find("spec", "updateStrategy", "rollingUpdate") ?? .null, "only allowed for updateStrategy 'RollingUpdate'"))
        }
        findings.nonNegative(set.number("spec", "updateStrategy", "rollingUpdate", "partition"), at: rolling.child("partition"))
        if let most = set.intOrString("spec", "updateStrategy", "rollingUpdate", "maxUnavailable") {
            positiveOrPercent(most, at: rolling.child("maxUnavailable"), &findings)
        }
        for key in ["whenDeleted", "whenScaled"] {
            let path = spec.child("persistentVolumeClaimRetentionPolicy").child(key)
            findings.oneOf(set.text("spec", "persistentVolumeClaimRetentionPolicy", key), ["Delete", "Retain"], at: path)
        }
        findings.nonNegative(set.number("spec", "replicas"), at: spec.child("replicas"))
        findings.nonNegative(set.number("spec", "ordinals", "start"), at: spec.child("ordinals").child("start"))
        selectorAndTemplate(withClaimVolumes(set), &findings)
        for (index, template) in set.items("spec", "volumeClaimTemplates").enumerated() {
            let path = spec.child("volumeClaimTemplates").index(index)
            if template.meta.name.isEmpty { findings.add(path.child("metadata").child("name"), .required()) }
            claimSpec(template["spec"] ?? .object([:]), at: path.child("spec"), &findings)
        }
    }

    /// The pods a set makes also have a volume per claim template: mounts may name it.
    private static func withClaimVolumes(_ set: JSONValue) -> JSONValue {
        let names = set.items("spec", "volumeClaimTemplates").map(\.meta.name).filter { !$0.isEmpty }
        guard !names.isEmpty, let spec = set.find("spec", "template", "spec") else { return set }
        var volumes = spec.items("volumes").filter { !names.contains($0.text("name")) }
        volumes += names.map { ["name": .string($0), "persistentVolumeClaim": ["claimName": "template"]] }
        var set = set
        set.set("spec", "template", "spec", "volumes", to: .array(volumes))
        return set
    }

    private static func positiveOrPercent(_ value: IntOrString, at field: FieldPath, _ findings: inout Findings) {
        switch value {
        case .int(let number):
            if number <= 0 { findings.add(field, .invalid(.int(number), "must be greater than 0")) }
        case .string(let text):
            guard text.hasSuffix("%"), let percent = Int(text.dropLast()), (1...100).contains(percent) else {
                findings.add(field, .invalid(.string(text), "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')"))
                return
            }
        }
    }

    static func statefulSetUpdate(_ new: JSONValue, _ old: JSONValue, _ findings: inout Findings) {
        var comparable = new["spec"] ?? .null
        let before = old["spec"] ?? .null
        let mutable = [
            "replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit", "persistentVolumeClaimRetentionPolicy", "minReadySeconds",
        ]
        for key in mutable { comparable[key] = before[key] }
        // The status inside a claim template says nothing.
        func bare(_ spec: JSONValue) -> JSONValue {
            var spec = spec
            spec.modifyEach("volumeClaimTemplates") { $0["status"] = nil }
            return spec
        }
        if bare(comparable) != bare(before) {
            findings.add(
                FieldPath("spec"),
                .forbidden(
                    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"))
        }
    }

    static func daemonSet(_ set: JSONValue, _ findings: inout Findings) {
        let path = FieldPath("spec.updateStrategy")
        findings.oneOf(set.text("spec", "updateStrategy", "type"), ["OnDelete", "RollingUpdate"], at: path.child("type"))
        if set.text("spec", "updateStrategy", "type") == "RollingUpdate" {
            let surge = set.intOrString("spec", "updateStrategy", "rollingUpdate", "maxSurge")
            if let most = set.intOrString("spec", "updateStrategy", "rollingUpdate", "maxUnavailable"), most != .int(0) {
                positiveOrPercent(most, at: path.child("rollingUpdate").child("maxUnavailable"), &findings)
            } else if surge == nil || surge == .int(0) || surge == .string("0%") {
                findings.add(path.child("rollingUpdate").child("maxUnavailable"), .invalid(0, "cannot be 0 when `maxSurge` is 0"))
            }
        }
        selectorAndTemplate(set, &findings)
    }
}
