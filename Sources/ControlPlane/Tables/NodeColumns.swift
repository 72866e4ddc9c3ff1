import KubeAPI

enum NodeColumns {
    static let all: [TablePrinter.Column] = [
        TablePrinter.name,
        .init("Status") { .string(status(of: $0)) },
        .init("Roles") { node in
            let prefix = "node-role.kubernetes.io/"
            let labels = node.value.at("metadata", "labels")?.object ?? [:]
            let roles = labels.keys.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }.sorted()
            return .string(roles.isEmpty ? "<none>" : roles.joined(separator: ","))
        },
        TablePrinter.age,
        .init("Version") { .string($0.text("status", "nodeInfo", "kubeletVersion")) },
        .init("Internal-IP", wide: true) { .string(address(of: $0, "InternalIP")) },
        .init("External-IP", wide: true) { .string(address(of: $0, "ExternalIP")) },
        .init("OS-Image", wide: true) { .string($0.text(or: "<unknown>", "status", "nodeInfo", "osImage")) },
        .init("Kernel-Version", wide: true) { .string($0.text(or: "<unknown>", "status", "nodeInfo", "kernelVersion")) },
        .init("Container-Runtime", wide: true) { .string($0.text(or: "<unknown>", "status", "nodeInfo", "containerRuntimeVersion")) },
    ]

    private static func status(of node: PrintedObject) -> String {
        let ready = node.array("status", "conditions").first { $0["type"]?.string == "Ready" }?["status"]?.string
        let status = ready.map { $0 == "True" ? "Ready" : "NotReady" } ?? "Unknown"
        return node.value.at("spec", "unschedulable")?.bool ?? false ? status + ",SchedulingDisabled" : status
    }

    private static func address(of node: PrintedObject, _ type: String) -> String {
        node.array("status", "addresses").first { $0["type"]?.string == type }?["address"]?.string ?? "<none>"
    }
}
