import KubeAPI

/// The `resize` subresource of a pod: CPU and memory of its containers, and its own. Source: k8s `pkg/registry/core/pod`,
/// `podResizeStrategy`.
enum PodResize {
    /// What a resize is not about stays as it was, without a word.
    static func keepAllElse(_ pod: inout JSONValue, _ old: JSONValue) {
        var kept = old
        for list in ["containers", "initContainers"] {
            let wanted = pod.items("spec", list)
            guard wanted.map({ $0.text("name") }) == old.items("spec", list).map({ $0.text("name") }) else {
                // Validation says what is wrong with that.
                kept.set("spec", list, to: pod.find("spec", list))
                continue
            }
            var index = 0
            kept.modify("spec") { spec in
                spec.modifyEach(list) { container in
                    for key in ["resources", "resizePolicy"] { container[key] = wanted[index][key] }
                    index += 1
                }
            }
        }
        kept.set("spec", "resources", to: pod.find("spec", "resources"))
        kept.set("metadata", "managedFields", to: pod.find("metadata", "managedFields"))
        pod = kept
    }
}

extension Validation {
    /// Source: k8s `ValidatePodResize`.
    static func podResize(_ new: JSONValue, _ old: JSONValue, _ findings: inout Findings) {
        let field = FieldPath("spec")
        if old.meta.annotations["kubernetes.io/config.mirror"] != nil {
            return findings.add(FieldPath(""), .forbidden("static pods cannot be resized"))
        }
        for list in ["containers", "initContainers"] {
            let (wanted, present) = (new.items("spec", list), old.items("spec", list))
            guard wanted.count == present.count else {
                return findings.add(field.child(list), .forbidden("\(list) may not be added or removed on resize"))
            }
            for index in wanted.indices where wanted[index].text("name") != present[index].text("name") {
                return findings.add(field.child(list).index(index).child("name"), .forbidden("\(list) may not be renamed or reordered on resize"))
            }
        }
        if PodAdmission.qualityOfService(of: new) != PodAdmission.qualityOfService(of: old) {
            let wanted = JSONValue.string(PodAdmission.qualityOfService(of: new))
            findings.add(field, .invalid(wanted, "Pod QOS Class may not change as a result of resizing"))
        }
        resize(new.find("spec", "resources"), old.find("spec", "resources"), of: "pod-level resource", at: field.child("resources"), &findings)
        for list in ["containers", "initContainers"] {
            for (index, (wanted, present)) in zip(new.items("spec", list), old.items("spec", list)).enumerated() {
                let path = field.child(list).index(index)
                resize(wanted["resources"], present["resources"], of: "resource", at: path.child("resources"), &findings)
                if wanted["resizePolicy"] != present["resizePolicy"] { findings.add(field, .forbidden("only cpu and memory resources are mutable")) }
            }
        }
    }

    private static func resize(_ new: JSONValue?, _ old: JSONValue?, of what: String, at field: FieldPath, _ findings: inout Findings) {
        for list in ["requests", "limits"] {
            let (wanted, present) = (new?.fields(list) ?? [:], old?.fields(list) ?? [:])
            if present.keys.contains(where: { wanted[$0] == nil }) {
                findings.add(field.child(list), .forbidden("\(what) \(list) cannot be removed"))
            }
            let fixed = Set(wanted.keys).union(present.keys).subtracting(["cpu", "memory"])
            if fixed.contains(where: { wanted[$0] != present[$0] }) {
                findings.add(field, .forbidden("only cpu and memory resources are mutable"))
            }
        }
        if new?["claims"] != old?["claims"] { findings.add(field, .forbidden("only cpu and memory resources are mutable")) }
    }
}
