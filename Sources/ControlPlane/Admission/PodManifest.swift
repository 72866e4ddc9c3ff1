package import KubeAPI

/// A pod as somebody wrote it into a file, for whoever runs it without an API server.
package enum PodManifest {
    /// Reads one document of YAML or JSON, fills in what was left out, and checks it as the API server would.
    ///
    /// - Throws: `APIError` in Kubernetes' words.
    package static func read(_ text: String) throws(APIError) -> JSONValue {
        let document = try JSONValue(parsingYAML: text)
        guard document["kind"]?.string == "Pod" else { throw .badRequest("kind is not Pod but \(document["kind"]?.string ?? "missing")") }
        var reader = try BodyReader(mode: "Ignore")
        var pod = try reader.object(document, duplicates: [], "v1", "Pod")
        Defaults.apply(to: &pod)
        let priority = PodAdmission.priorities[pod.text("spec", "priorityClassName")] ?? 0
        if pod.find("spec", "priority") == nil { pod.set("spec", "priority", to: .int(priority)) }
        let errors = Validation.create(pod)
        if !errors.isEmpty { throw .invalid(ResourceCatalog.pods, pod.meta.name, errors) }
        return pod
    }
}
