import FoundationEssentials
import KubeAPI

/// The columns that `kubectl get` shows of a kind. Source: kubernetes `pkg/printers/internalversion`.
struct TablePrinter: Sendable {
    struct Column: Sendable {
        let name: String
        var type = "string"
        /// Columns with a priority above zero are for `-o wide`.
        var isWide = false
        let cell: @Sendable (PrintedObject) -> JSONValue

        init(_ name: String, type: String = "string", wide: Bool = false, _ cell: @escaping @Sendable (PrintedObject) -> JSONValue) {
            self.name = name
            self.type = type
            isWide = wide
            self.cell = cell
        }

        var definition: JSONValue {
            [
                "name": .string(name), "type": .string(type), "format": name == "Name" ? "name" : "", "description": "",
                "priority": .int(isWide ? 1 : 0),
            ]
        }
    }

    let columns: [Column]
    let now: Date

    init(resource: Resource, now: Date) {
        self.now = now
        columns = Self.columns[resource.qualifiedName] ?? [Self.name, Self.age]
    }

    func cells(of object: JSONValue) -> [JSONValue] {
        let object = PrintedObject(value: object, now: now)
        return columns.map { $0.cell(object) }
    }

    static let name = Column("Name") { .string($0.name) }
    static let age = Column("Age") { .string($0.age("metadata", "creationTimestamp")) }
    static let containers = Column("Containers", wide: true) { .string($0.templateContainers("name")) }
    static let images = Column("Images", wide: true) { .string($0.templateContainers("image")) }

    private static let columns: [String: [Column]] = [
        "pods": PodColumns.all,
        "nodes": NodeColumns.all,
        "namespaces": [name, Column("Status") { .string($0.text("status", "phase")) }, age],
        "services": ServiceColumns.services,
        "endpoints": [name, Column("Endpoints") { .string(ServiceColumns.endpoints(of: $0)) }, age],
        "endpointslices.discovery.k8s.io": ServiceColumns.slices,
        "configmaps": [name, Column("Data") { .string("\($0.count("data") + $0.count("binaryData"))") }, age],
        "secrets": [name, Column("Type") { .string($0.text("type")) }, Column("Data") { .string("\($0.count("data"))") }, age],
        "serviceaccounts": [name, Column("Secrets", type: "integer") { .int($0.count("secrets")) }, age],
        "persistentvolumes": VolumeColumns.volumes,
        "persistentvolumeclaims": VolumeColumns.claims,
        "storageclasses.storage.k8s.io": VolumeColumns.classes,
        "events": EventColumns.core,
        "events.events.k8s.io": EventColumns.new,
        "leases.coordination.k8s.io": [name, Column("Holder") { .string($0.text("spec", "holderIdentity")) }, age],
        "statefulsets.apps": [
            name, Column("Ready") { .string("\($0.int("status", "readyReplicas"))/\($0.int("spec", "replicas"))") }, age, containers, images,
        ],
        "daemonsets.apps": [
            name,
            Column("Desired", type: "integer") { .int($0.int("status", "desiredNumberScheduled")) },
            Column("Current", type: "integer") { .int($0.int("status", "currentNumberScheduled")) },
            Column("Ready", type: "integer") { .int($0.int("status", "numberReady")) },
            Column("Up-to-date", type: "integer") { .int($0.int("status", "updatedNumberScheduled")) },
            Column("Available", type: "integer") { .int($0.int("status", "numberAvailable")) },
            Column("Node Selector") { .string($0.labels("spec", "template", "spec", "nodeSelector")) }, age, containers, images,
            Column("Selector", wide: true) { .string($0.labels("spec", "selector", "matchLabels")) },
        ],
        "controllerrevisions.apps": [
            name,
            Column("Controller") { object in
                let owner = (object.array("metadata", "ownerReferences")).first { $0["controller"]?.bool ?? false }
                guard let owner else { return "<none>" }
                let group = owner["apiVersion"]?.string?.split(separator: "/").first ?? ""
                return .string("\(owner["kind"]?.string?.lowercased() ?? "").\(group)/\(owner["name"]?.string ?? "")")
            },
            Column("Revision", type: "integer") { .int($0.int("revision")) }, age,
        ],
    ]
}
