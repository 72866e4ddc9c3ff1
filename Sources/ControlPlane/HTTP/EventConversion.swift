import KubeAPI

/// Events are stored once, as core events; events.k8s.io shows the same ones under other names.
/// Source: Kubernetes `pkg/apis/events/v1/conversion.go`.
enum EventConversion {
    /// Name in events.k8s.io, name in the core group.
    private static let names = [
        ("regarding", "involvedObject"), ("note", "message"), ("deprecatedSource", "source"), ("deprecatedFirstTimestamp", "firstTimestamp"),
        ("deprecatedLastTimestamp", "lastTimestamp"), ("deprecatedCount", "count"), ("reportingController", "reportingComponent"),
    ]

    static func served(_ stored: JSONValue, _ resource: Resource) -> JSONValue {
        guard resource.isConverted else { return stored }
        return converted(stored, resource) { ($0.1, $0.0) }
    }

    static func stored(_ served: JSONValue, _ resource: Resource) -> JSONValue {
        guard resource.isConverted else { return served }
        return converted(served, ResourceCatalog.events) { $0 }
    }

    private static func converted(_ event: JSONValue, _ resource: Resource, _ direction: ((String, String)) -> (String, String)) -> JSONValue {
        guard var members = event.object else { return event }
        for pair in names {
            let (from, to) = direction(pair)
            if let value = members.removeValue(forKey: from) { members[to] = value }
        }
        members["apiVersion"] = .string(resource.apiVersion)
        return .object(members)
    }

    static func storedSelector(_ selector: String, _ resource: Resource) -> String {
        resource.isConverted
            ? selector.replacing("regarding.", with: "involvedObject.").replacing("reportingController", with: "reportingComponent") : selector
    }
}
