import KubeAPI

/// Values of the pod itself, for environment variables and downwardAPI files.
/// Source: Kubernetes, "Downward API", "Available fields".
struct DownwardAPI {
    let pod: Pod
    let podIPs: [String]
    let node: NodeFacts

    func field(_ path: String) throws(PlanningError) -> String {
        if let (map, key) = Self.subscripted(path) {
            switch map {
            case "metadata.labels": return pod.metadata.labels[key] ?? ""
            case "metadata.annotations": return pod.metadata.annotations[key] ?? ""
            default: throw .unsupportedFieldPath(path)
            }
        }
        switch path {
        case "metadata.name": return pod.metadata.name
        case "metadata.namespace": return pod.metadata.namespace
        case "metadata.uid": return pod.metadata.uid
        case "metadata.labels": return Self.lines(pod.metadata.labels)
        case "metadata.annotations": return Self.lines(pod.metadata.annotations)
        case "spec.nodeName": return pod.spec.nodeName
        case "spec.serviceAccountName": return pod.spec.serviceAccountName
        case "status.hostIP": return node.nodeIPs.first ?? ""
        case "status.hostIPs": return node.nodeIPs.joined(separator: ",")
        case "status.podIP": return podIPs.first ?? ""
        case "status.podIPs": return podIPs.joined(separator: ",")
        default: throw .unsupportedFieldPath(path)
        }
    }

    /// - Parameter container: whose resources they are, unless the selector names another.
    func resource(_ selector: ResourceFieldSelector, of container: Container?) throws(PlanningError) -> String {
        let named = selector.containerName.isEmpty ? container : (pod.spec.containers + pod.spec.initContainers).first { $0.name == selector.containerName }
        guard let named else { throw .unknownContainer(selector.containerName) }
        guard let dot = selector.resource.firstIndex(of: ".") else { throw .unsupportedResource(selector.resource) }
        let kind = selector.resource[..<dot]
        let name = String(selector.resource[selector.resource.index(after: dot)...])
        guard ["cpu", "memory", "ephemeral-storage"].contains(name) || name.hasPrefix("hugepages-") else { throw .unsupportedResource(selector.resource) }
        let amount: Quantity?
        switch kind {
        case "requests": amount = named.resources.requests[name] ?? named.resources.limits[name]
        // Without a limit of its own, what the container could use at most.
        case "limits": amount = named.resources.limits[name]?.nonZero ?? pod.spec.resources?.limits[name]?.nonZero ?? node.allocatable[name]
        default: throw .unsupportedResource(selector.resource)
        }
        let isCPU = name == "cpu"
        let value = isCPU ? amount?.milliValue ?? 0 : amount?.value ?? 0
        let divisor = selector.divisor?.nonZero.map { isCPU ? $0.milliValue : $0.value } ?? (isCPU ? 1000 : 1)
        return "\((value + divisor - 1) / divisor)"
    }

    /// `metadata.labels['key']` as its two parts.
    private static func subscripted(_ path: String) -> (map: String, key: String)? {
        guard path.hasSuffix("']"), let open = path.firstRange(of: "['") else { return nil }
        return (String(path[..<open.lowerBound]), String(path[open.upperBound...].dropLast(2)))
    }

    /// One `key="value"` a line, sorted by key, the value quoted as Go quotes.
    private static func lines(_ map: [String: String]) -> String {
        map.sorted { $0.key < $1.key }.map { "\($0.key)=\(quoted($0.value))" }.joined(separator: "\n")
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case "\r": result += "\\r"
            case "\u{07}": result += "\\a"
            case "\u{08}": result += "\\b"
            case "\u{0c}": result += "\\f"
            case "\u{0b}": result += "\\v"
            case let other where other.value < 0x20 || other.value == 0x7f:
                let digits = String(other.value, radix: 16)
                result += "\\x" + (digits.count == 1 ? "0" : "") + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
