import FoundationEssentials
package import KubeAPI

extension APIService {
    /// Creates an object, with a generated name when it only has `metadata.generateName`.
    package func create(
        _ resource: Resource, namespace: String = "", _ object: JSONValue, _ options: WriteOptions = WriteOptions()
    ) async throws(APIError) -> JSONValue {
        try await create(resource, namespace: namespace, object, options, managedFields: nil)
    }

    /// - Parameter managedFields: set instead of recording `options.fieldManager`.
    func create(
        _ resource: Resource, namespace: String, _ object: JSONValue, _ options: WriteOptions, managedFields: JSONValue?
    ) async throws(APIError) -> JSONValue {
        var object = object
        try prepareForCreate(&object, resource, namespace: namespace)
        let prefix = object.at("metadata", "name")?.string == nil ? object.at("metadata", "generateName")?.string ?? "" : ""
        while true {
            var candidate = object
            if !prefix.isEmpty { candidate["metadata"]?["name"] = .string(String(prefix.prefix(58)) + Self.randomSuffix()) }
            let name = candidate.at("metadata", "name")?.string ?? ""
            let request = AdmissionRequest(
                operation: .create, resource: resource, subresource: "", namespace: namespace, name: name, old: nil, user: options.user,
                isDryRun: options.isDryRun)
            try admission.admit(&candidate, request)
            if let managedFields {
                candidate["metadata"]?["managedFields"] = managedFields
            } else if let manager = options.fieldManager, resource.tracksManagers {
                ManagedFields.recordUpdate(&candidate, from: nil, manager: manager, time: timestamp(), resource: resource)
            }
            let key = ObjectKey(resource, namespace: namespace, name: name)
            if options.isDryRun {
                guard store.latest(key) == nil else { throw .alreadyExists(resource, name) }
                return candidate
            }
            do throws(StoreError) {
                return try await store.put(candidate, at: key, replacing: nil).value
            } catch {
                guard case .conflict = error else { throw refusal(of: error) }
                if prefix.isEmpty { throw .alreadyExists(resource, name) }
            }
        }
    }

    private func prepareForCreate(_ object: inout JSONValue, _ resource: Resource, namespace: String) throws(APIError) {
        var metadata = object["metadata"]?.object ?? [:]
        if resource.isNamespaced {
            guard !namespace.isEmpty else { throw .badRequest("an empty namespace may not be set during creation") }
            if let own = metadata["namespace"]?.string, !own.isEmpty, own != namespace {
                throw .badRequest("the namespace of the provided object does not match the namespace sent on the request")
            }
            metadata["namespace"] = .string(namespace)
        } else {
            metadata["namespace"] = nil
        }
        if let version = metadata["resourceVersion"]?.string, !version.isEmpty {
            throw .badRequest("resourceVersion should not be set on objects to be created")
        }
        if metadata["name"]?.string?.isEmpty != false {
            metadata["name"] = nil
            guard let prefix = metadata["generateName"]?.string, !prefix.isEmpty else {
                let cause = StatusCause(
                    reason: "FieldValueRequired", message: "Required value: name or generateName is required", field: "metadata.name")
                throw .invalid(resource, "", [cause])
            }
        }
        for field in ["selfLink", "deletionTimestamp", "deletionGracePeriodSeconds", "managedFields", "resourceVersion"] { metadata[field] = nil }
        metadata["uid"] = .string(UUID().uuidString.lowercased())
        metadata["creationTimestamp"] = timestamp()
        metadata["generation"] = resource.hasGeneration ? 1 : nil
        object["metadata"] = .object(metadata)
        object["apiVersion"] = .string(resource.apiVersion)
        object["kind"] = .string(resource.kind)
        // A node registers itself with its status; of all other kinds the status is for their controllers to write.
        if resource.hasStatus, resource != ResourceCatalog.nodes { object["status"] = nil }
    }

    /// Five characters without vowels, so that no words come out. Source: apimachinery `rand.SafeEncodeString`.
    private static func randomSuffix() -> String {
        let alphabet = Array("bcdfghjklmnpqrstvwxz2456789")
        return String((0..<5).map { _ in alphabet[Int.random(in: alphabet.indices)] })
    }
}
