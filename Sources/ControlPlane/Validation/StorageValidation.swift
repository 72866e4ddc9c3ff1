import KubeAPI

extension Validation {
    private static let accessModes = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"]

    static func claimSpec(_ spec: JSONValue, at field: FieldPath, _ findings: inout Findings) {
        modes(spec, at: field.child("accessModes"), "at least 1 access mode is required", &findings)
        if let selector = spec.find("selector") { findings.labelSelector(selector, at: field.child("selector")) }
        let storage = field.child("resources").key("storage")
        if let value = spec.find("resources", "requests", "storage") {
            if let amount = quantity(value, at: storage, &findings), amount.milliValue == 0 {
                findings.add(storage, .invalid(value, "must be greater than zero"))
            }
        } else {
            findings.add(storage, .required())
        }
        if let name = spec.find("storageClassName")?.string, !name.isEmpty {
            findings.check(name, at: field.child("storageClassName"), Naming.subdomain)
        }
        findings.oneOf(spec.text("volumeMode"), ["Block", "Filesystem"], at: field.child("volumeMode"))
        if let limit = spec.quantity("resources", "limits", "storage"), let request = spec.quantity("resources", "requests", "storage"),
            request.value > limit.value {
            findings.add(
                field.child("resources").child("requests"),
                .invalid(.string(request.text), "must be less than or equal to storage limit of \(limit.text)"))
        }
        for key in ["dataSource", "dataSourceRef"] where spec.find(key) != nil {
            findings.add(field.child(key), .forbidden("volumes begin empty here; copy the data from an init container"))
        }
        if spec.find("volumeAttributesClassName") != nil {
            findings.add(field.child("volumeAttributesClassName"), .forbidden("this API server has no VolumeAttributesClasses; remove it"))
        }
    }

    private static func modes(_ spec: JSONValue, at field: FieldPath, _ detail: String, _ findings: inout Findings) {
        let modes = spec.texts("accessModes")
        if modes.isEmpty { findings.add(field, .required(detail)) }
        for mode in modes { findings.oneOf(mode, accessModes, at: field) }
        if modes.contains("ReadWriteOncePod"), modes.count > 1 {
            findings.add(field, .forbidden("may not use ReadWriteOncePod with other access modes"))
        }
    }

    /// A bound claim may grow, and nothing else; an unbound one may still be told its volume and class.
    static func claimUpdate(_ new: JSONValue, _ old: JSONValue, _ findings: inout Findings) {
        let field = FieldPath("spec")
        var comparable = new["spec"] ?? .null
        let before = old["spec"] ?? .null
        if before.text("volumeName").isEmpty { comparable["volumeName"] = before["volumeName"] }
        if before.find("storageClassName") == nil { comparable["storageClassName"] = before["storageClassName"] }
        comparable["volumeAttributesClassName"] = before["volumeAttributesClassName"]
        let isBound = old.text("status", "phase") == "Bound"
        if isBound { comparable.set("resources", "requests", "storage", to: before.find("resources", "requests", "storage")) }
        if comparable != before {
            findings.add(
                field,
                .forbidden("spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n\(difference(comparable, before))"))
        }
        if isBound, let after = new.quantity("spec", "resources", "requests", "storage"),
            let size = old.quantity("spec", "resources", "requests", "storage"), after.value < size.value {
            let floor = old.quantity("status", "capacity", "storage") ?? size
            if after.value < floor.value {
                findings.add(
                    field.child("resources").child("requests").child("storage"),
                    .forbidden("field can not be less than status.capacity: a volume does not shrink, \(after.text) is smaller than \(floor.text)"))
            } else {
                findings.add(field.child("resources").child("requests").child("storage"), .forbidden("field can not be less than previous value"))
            }
        }
    }

    static func volume(_ volume: JSONValue, _ findings: inout Findings) {
        let field = FieldPath("spec")
        let spec = volume["spec"] ?? .object([:])
        modes(spec, at: field.child("accessModes"), "", &findings)
        let capacity = spec.fields("capacity")
        if capacity.isEmpty { findings.add(field.child("capacity"), .required()) }
        if !capacity.isEmpty, capacity["storage"] == nil {
            findings.add(field.child("capacity"), .notSupported(capacity.keys.sorted()[0], ["storage"]))
        }
        for (name, value) in capacity {
            let path = field.child("capacity").key(name)
            if let amount = quantity(value, at: path, &findings), amount.milliValue == 0 {
                findings.add(path, .invalid(value, "must be greater than zero"))
            }
        }
        findings.oneOf(spec.text("persistentVolumeReclaimPolicy"), ["Delete", "Recycle", "Retain"], at: field.child("persistentVolumeReclaimPolicy"))
        findings.oneOf(spec.text("volumeMode"), ["Block", "Filesystem"], at: field.child("volumeMode"))
        let sources = (Defaults.knownVolumeSources + ["local"]).filter { spec.find($0) != nil }
        if sources.isEmpty { findings.add(field, .required("must specify a volume type")) }
        for extra in sources.dropFirst() { findings.add(field.child(extra), .forbidden("may not specify more than 1 volume type")) }
        if let hostPath = spec.find("hostPath") { self.hostPath(hostPath, at: field.child("hostPath"), &findings) }
        if let local = spec.find("local") {
            findings.require(local.text("path"), at: field.child("local").child("path"))
            if spec.find("nodeAffinity", "required") == nil {
                findings.add(field.child("nodeAffinity"), .required("Local volume requires node affinity"))
            }
        }
        if let required = spec.find("nodeAffinity", "required") {
            nodeSelectorTerms(required, at: field.child("nodeAffinity").child("required").child("nodeSelectorTerms"), &findings)
        }
        if let csi = spec.find("csi") {
            for key in ["driver", "volumeHandle"] { findings.require(csi.text(key), at: field.child("csi").child(key)) }
        }
    }

    static func volumeUpdate(_ new: JSONValue, _ old: JSONValue, _ findings: inout Findings) {
        for source in Defaults.knownVolumeSources + ["local"] where new.find("spec", source) != old.find("spec", source) {
            findings.add(FieldPath("spec.persistentvolumesource"), .forbidden("spec.persistentvolumesource is immutable after creation"))
        }
        findings.unchanged(new.find("spec", "volumeMode"), old.find("spec", "volumeMode"), at: FieldPath("spec.volumeMode"))
        if old.find("spec", "nodeAffinity") != nil {
            findings.unchanged(new.find("spec", "nodeAffinity"), old.find("spec", "nodeAffinity"), at: FieldPath("spec.nodeAffinity"))
        }
    }

    static func storageClass(_ storage: JSONValue, _ findings: inout Findings) {
        findings.require(storage.text("provisioner"), at: FieldPath("provisioner"))
        findings.oneOf(storage.text("reclaimPolicy"), ["Delete", "Retain"], at: FieldPath("reclaimPolicy"))
        findings.oneOf(storage.text("volumeBindingMode"), ["Immediate", "WaitForFirstConsumer"], at: FieldPath("volumeBindingMode"))
    }

    static func storageClassUpdate(_ new: JSONValue, _ old: JSONValue, _ findings: inout Findings) {
        if new.fields("parameters") != old.fields("parameters") {
            findings.add(FieldPath("parameters"), .forbidden("updates to parameters are forbidden."))
        }
        if new["provisioner"] != old["provisioner"] { findings.add(FieldPath("provisioner"), .forbidden("updates to provisioner are forbidden.")) }
        findings.unchanged(new["reclaimPolicy"], old["reclaimPolicy"], at: FieldPath("reclaimPolicy"))
        findings.unchanged(new["volumeBindingMode"], old["volumeBindingMode"], at: FieldPath("volumeBindingMode"))
    }
}
