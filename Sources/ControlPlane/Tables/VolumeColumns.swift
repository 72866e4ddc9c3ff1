import KubeAPI

enum VolumeColumns {
    static let volumes: [TablePrinter.Column] = [
        TablePrinter.name,
        .init("Capacity") { .string($0.text("spec", "capacity", "storage")) },
        .init("Access Modes") { .string(modes($0.array("spec", "accessModes"))) },
        .init("Reclaim Policy") { .string($0.text("spec", "persistentVolumeReclaimPolicy")) },
        .init("Status") { volume in
            volume.value.at("metadata", "deletionTimestamp")?.string == nil ? .string(volume.text("status", "phase")) : "Terminating"
        },
        .init("Claim") { volume in
            let name = volume.text("spec", "claimRef", "name")
            return .string(name.isEmpty ? "" : "\(volume.text("spec", "claimRef", "namespace"))/\(name)")
        },
        .init("StorageClass") { .string($0.text("spec", "storageClassName")) },
        attributes,
        .init("Reason") { .string($0.text("status", "reason")) },
        TablePrinter.age, mode,
    ]

    static let claims: [TablePrinter.Column] = [
        TablePrinter.name,
        .init("Status") { claim in
            claim.value.at("metadata", "deletionTimestamp")?.string == nil ? .string(claim.text("status", "phase")) : "Terminating"
        },
        .init("Volume") { .string($0.text("spec", "volumeName")) },
        .init("Capacity") { .string($0.text("spec", "volumeName").isEmpty ? "" : $0.text("status", "capacity", "storage")) },
        .init("Access Modes") { .string($0.text("spec", "volumeName").isEmpty ? "" : modes($0.array("status", "accessModes"))) },
        .init("StorageClass") { .string($0.text("spec", "storageClassName")) },
        attributes, TablePrinter.age, mode,
    ]

    static let classes: [TablePrinter.Column] = [
        .init("Name") { object in
            let isDefault = object.text("metadata", "annotations", "storageclass.kubernetes.io/is-default-class") == "true"
            return .string(object.name + (isDefault ? " (default)" : ""))
        },
        .init("Provisioner") { .string($0.text("provisioner")) },
        .init("ReclaimPolicy") { .string($0.text(or: "Delete", "reclaimPolicy")) },
        .init("VolumeBindingMode") { .string($0.text(or: "Immediate", "volumeBindingMode")) },
        .init("AllowVolumeExpansion", type: "boolean") { .bool($0.value["allowVolumeExpansion"]?.bool ?? false) },
        TablePrinter.age,
    ]

    private static let attributes = TablePrinter.Column("VolumeAttributesClass") {
        .string($0.text(or: "<unset>", "spec", "volumeAttributesClassName"))
    }
    private static let mode = TablePrinter.Column("VolumeMode", wide: true) { .string($0.text(or: "Filesystem", "spec", "volumeMode")) }

    private static let abbreviations = [
        "ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP",
    ]

    private static func modes(_ values: [JSONValue]) -> String {
        values.compactMap { abbreviations[$0.string ?? ""] }.joined(separator: ",")
    }
}
