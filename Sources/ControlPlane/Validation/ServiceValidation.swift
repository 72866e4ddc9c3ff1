import KubeAPI

extension Validation {
    static func service(_ service: JSONValue, _ findings: inout Findings) {
        let field = FieldPath("spec")
        let spec = service["spec"] ?? .object([:])
        let type = spec.text("type")
        findings.oneOf(type, ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"], at: field.child("type"))
        findings.oneOf(spec.text("sessionAffinity"), ["ClientIP", "None"], at: field.child("sessionAffinity"))
        findings.labels(spec.textMap("selector"), at: field.child("selector"))
        let isHeadless = spec.text("clusterIP") == "None"
        let ports = spec.items("ports")
        if ports.isEmpty, !isHeadless, type != "ExternalName" { findings.add(field.child("ports"), .required()) }
        if type == "ExternalName" {
            if spec.text("externalName").isEmpty {
                findings.add(field.child("externalName"), .required())
            } else {
                findings.check(spec.text("externalName"), at: field.child("externalName"), Naming.subdomain)
            }
        } else if !isHeadless, !spec.text("clusterIP").isEmpty {
            findings.check(spec.text("clusterIP"), at: field.child("clusterIPs").index(0), Naming.ipAddress)
        }
        if isHeadless, type == "NodePort" || type == "LoadBalancer" {
            findings.add(field.child("clusterIPs").index(0), .invalid("None", "may not be set to 'None' for \(type) services"))
        }
        var names = Set<String>()
        var numbers = Set<String>()
        for (index, port) in ports.enumerated() {
            let path = field.child("ports").index(index)
            let name = port.text("name")
            if name.isEmpty {
                if ports.count > 1 { findings.add(path.child("name"), .required()) }
            } else {
                findings.check(name, at: path.child("name"), Naming.label)
                if !names.insert(name).inserted { findings.add(path.child("name"), .duplicate(.string(name))) }
            }
            portNumber(port.number("port") ?? 0, at: path.child("port"), &findings)
            findings.oneOf(port.text("protocol"), ["SCTP", "TCP", "UDP"], at: path.child("protocol"))
            switch port.intOrString("targetPort") {
            case .int(let number)?: portNumber(number, at: path.child("targetPort"), &findings)
            case .string(let text)?: findings.check(text, at: path.child("targetPort"), Naming.portName)
            case nil: break
            }
            if !numbers.insert("\(port.text("protocol"))/\(port.number("port") ?? 0)").inserted {
                let value: JSONValue = ["protocol": .string(port.text("protocol")), "port": .int(port.number("port") ?? 0)]
                findings.add(path, .duplicate(value))
            }
            if type == "ClusterIP", port.number("nodePort") ?? 0 != 0 {
                findings.add(path.child("nodePort"), .forbidden("may not be used when `type` is 'ClusterIP'"))
            }
        }
    }

    static func serviceUpdate(_ new: JSONValue, _ old: JSONValue, _ findings: inout Findings) {
        let kept = old.text("spec", "clusterIP")
        guard !kept.isEmpty, new.text("spec", "type") != "ExternalName", old.text("spec", "type") != "ExternalName" else { return }
        if new.text("spec", "clusterIP") != kept {
            let field = FieldPath("spec.clusterIPs").index(0)
            findings.add(field, .invalid([.string(new.text("spec", "clusterIP"))], "may not change once set"))
        }
    }
}
