import KubeAPI

/// The `scale` subresource of a StatefulSet. Source: autoscaling/v1.
enum Scale {
    static func of(_ object: JSONValue) -> JSONValue {
        let metadata = object["metadata"] ?? [:]
        var shown: [String: JSONValue] = [:]
        for field in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] { shown[field] = metadata[field] }
        var status: JSONValue = ["replicas": object.at("status", "replicas") ?? 0]
        if let selector = object.at("spec", "selector") { status["selector"] = .string(text(of: selector)) }
        return [
            "apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": .object(shown), "spec": ["replicas": object.at("spec", "replicas") ?? 1],
            "status": status,
        ]
    }

    static func apply(_ scale: JSONValue, to object: JSONValue, name: String) throws(APIError) -> JSONValue {
        let replicas = scale.at("spec", "replicas")?.int ?? 0
        guard replicas >= 0 else {
            throw APIError(
                code: 422, reason: "Invalid",
                message: "Scale.autoscaling \"\(name)\" is invalid: spec.replicas: Invalid value: \(replicas): must be greater than or equal to 0")
        }
        var object = object
        if let version = scale.at("metadata", "resourceVersion")?.string, !version.isEmpty { object["metadata"]?["resourceVersion"] = .string(version) }
        object["spec"]?["replicas"] = .int(replicas)
        return object
    }

    private static func text(of selector: JSONValue) -> String {
        let equal = (selector["matchLabels"]?.object ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.string ?? "")" }
        let others = (selector["matchExpressions"]?.array ?? []).map { expression -> String in
            let key = expression["key"]?.string ?? ""
            let values = (expression["values"]?.array ?? []).compactMap(\.string).joined(separator: ",")
            return switch expression["operator"]?.string {
            case "In": "\(key) in (\(values))"
            case "NotIn": "\(key) notin (\(values))"
            case "DoesNotExist": "!\(key)"
            default: key
            }
        }
        return (equal + others).joined(separator: ",")
    }
}
