import KubeAPI

enum ServiceColumns {
    static let services: [TablePrinter.Column] = [
        TablePrinter.name,
        .init("Type") { .string($0.text("spec", "type")) },
        .init("Cluster-IP") { .string($0.text(or: "<none>", "spec", "clusterIP")) },
        .init("External-IP") { .string(externalAddress(of: $0)) },
        .init("Port(s)") { service in
            let ports = service.array("spec", "ports").map { port in
                let node = port["nodePort"]?.int.map { $0 > 0 ? ":\($0)" : "" } ?? ""
                return "\(port["port"]?.int ?? 0)\(node)/\(port["protocol"]?.string ?? "TCP")"
            }
            return .string(ports.isEmpty ? "<none>" : ports.joined(separator: ","))
        },
        TablePrinter.age,
        .init("Selector", wide: true) { .string($0.labels("spec", "selector")) },
    ]

    static let slices: [TablePrinter.Column] = [
        TablePrinter.name,
        .init("AddressType") { .string($0.text("addressType")) },
        .init("Ports") { .string(joined($0.array("ports").compactMap { $0["port"]?.int.map(String.init) }, none: "<unset>")) },
        .init("Endpoints") { slice in
            .string(joined(slice.array("endpoints").flatMap { ($0["addresses"]?.array ?? []).compactMap(\.string) }, none: "<unset>"))
        },
        TablePrinter.age,
    ]

    private static func joined(_ items: [String], none: String) -> String {
        if items.isEmpty { return none }
        return items.prefix(3).joined(separator: ",") + (items.count > 3 ? " + \(items.count - 3) more..." : "")
    }

    static func endpoints(of object: PrintedObject) -> String {
        let pairs = object.array("subsets").flatMap { subset -> [String] in
            let addresses = (subset["addresses"]?.array ?? []).compactMap { $0["ip"]?.string }
            let ports = (subset["ports"]?.array ?? []).compactMap { $0["port"]?.int }
            return ports.isEmpty ? addresses : ports.flatMap { port in addresses.map { "\($0):\(port)" } }
        }
        return joined(pairs, none: "<none>")
    }

    private static func externalAddress(of service: PrintedObject) -> String {
        let given = service.array("spec", "externalIPs").compactMap(\.string)
        switch service.text("spec", "type") {
        case "ExternalName": return service.text(or: "<none>", "spec", "externalName")
        case "LoadBalancer":
            let balancers = service.array("status", "loadBalancer", "ingress").compactMap { $0["ip"]?.string ?? $0["hostname"]?.string }
            let all = balancers + given
            return all.isEmpty ? "<pending>" : all.joined(separator: ",")
        default: return given.isEmpty ? "<none>" : given.joined(separator: ",")
        }
    }
}
