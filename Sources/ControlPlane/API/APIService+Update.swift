package import KubeAPI

extension APIService {
    /// Replaces an object, or of a subresource (`status`, `finalize`, …) the part that belongs to it.
    ///
    /// A `metadata.resourceVersion` or `uid` in `object` must be the current one.
    package func update(
        _ resource: Resource, namespace: String = "", name: String, subresource: String = "", _ object: JSONValue,
        _ options: WriteOptions = WriteOptions()
    ) async throws(APIError) -> JSONValue {
        try await modify(resource, namespace: namespace, name: name, subresource: subresource, options) { _ throws(APIError) in object }
    }

    /// Replaces an object by what `change` makes of it. `change` runs again when another write came in between.
    package func modify(
        _ resource: Resource, namespace: String = "", name: String, subresource: String = "", _ options: WriteOptions = WriteOptions(),
        recordsManager: Bool = true, change: (JSONValue) throws(APIError) -> JSONValue
    ) async throws(APIError) -> JSONValue {
        let key = ObjectKey(resource, namespace: namespace, name: name)
        while true {
            guard let current = store.latest(key) else { throw .notFound(resource, name) }
            let old = current.value
            var new = try change(old)
            try checkIdentity(of: new, against: old, resource, name: name)
            keepSystemFields(of: old, in: &new, resource, subresource: subresource)
            let request = AdmissionRequest(
                operation: .update, resource: resource, subresource: subresource, namespace: namespace, name: name, old: old,
                user: options.user, isDryRun: options.isDryRun)
            try admission.admit(&new, request)
            let hasChanged = !Self.isSame(old, new)
            if !hasChanged, recordsManager || old.at("metadata", "managedFields") == new.at("metadata", "managedFields") {
                return old
            }
            // Where a pod runs is no new wish of its owner.
            if resource.hasGeneration, subresource != "binding", Self.desiredState(old) != Self.desiredState(new) {
                new["metadata"]?["generation"] = .int((old.at("metadata", "generation")?.int ?? 0) + 1)
            }
            if recordsManager, let manager = options.fieldManager, resource.tracksManagers, subresource != "status" {
                ManagedFields.recordUpdate(&new, from: old, manager: manager, time: timestamp(), resource: resource, subresource: subresource)
            }
            if options.isDryRun { return new }
            do throws(StoreError) {
                let isOver = Self.mayBeRemoved(new)
                let stored = isOver
                    ? try await store.remove(new, at: key, replacing: current.resourceVersion)
                    : try await store.put(new, at: key, replacing: current.resourceVersion)
                return stored.value
            } catch {
                guard case .conflict = error else { throw refusal(of: error) }
            }
        }
    }

    private func checkIdentity(of new: JSONValue, against old: JSONValue, _ resource: Resource, name: String) throws(APIError) {
        let (metadata, known) = (new["metadata"]?.object ?? [:], old["metadata"]?.object ?? [:])
        if let own = metadata["name"]?.string, own != name {
            throw .badRequest("the name of the object (\(own)) does not match the name on the URL (\(name))")
        }
        if let own = metadata["namespace"]?.string, let namespace = known["namespace"]?.string, own != namespace {
            throw .badRequest("the namespace of the provided object does not match the namespace sent on the request")
        }
        if let uid = metadata["uid"]?.string, !uid.isEmpty, let own = known["uid"]?.string, uid != own {
            throw .conflict(resource, name, "Precondition failed: UID in precondition: \(uid), UID in object meta: \(own)")
        }
        if let version = metadata["resourceVersion"]?.string, !version.isEmpty, version != "0", version != known["resourceVersion"]?.string {
            throw .conflict(resource, name)
        }
    }

    /// What a request cannot change: identity, deletion, and the part of the object that another subresource owns.
    private func keepSystemFields(of old: JSONValue, in new: inout JSONValue, _ resource: Resource, subresource: String) {
        if subresource == "status" {
            var merged = old
            merged["status"] = new["status"]
            for field in ["labels", "annotations", "finalizers", "managedFields"] {
                merged["metadata"]?[field] = new.at("metadata", field)
            }
            new = merged
        } else if subresource.isEmpty || subresource == "resize", resource.hasStatus {
            new["status"] = old["status"]
        }
        let known = old["metadata"]?.object ?? [:]
        var metadata = new["metadata"]?.object ?? [:]
        for field in [
            "name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "generateName",
            "resourceVersion", "selfLink",
        ] {
            metadata[field] = known[field]
        }
        if metadata["managedFields"] == nil { metadata["managedFields"] = known["managedFields"] }
        // Finalizers only go once a deletion has begun. Source: apimachinery `ValidateObjectMetaAccessorUpdate`.
        new["metadata"] = .object(metadata)
        new["apiVersion"] = .string(resource.apiVersion)
        new["kind"] = .string(resource.kind)
    }

    /// A deleted object goes with its last finalizer, once its grace period is over.
    static func mayBeRemoved(_ object: JSONValue) -> Bool {
        guard let metadata = object["metadata"]?.object, metadata["deletionTimestamp"]?.string != nil else { return false }
        return (metadata["deletionGracePeriodSeconds"]?.int ?? 0) == 0
            && metadata["finalizers"]?.array?.isEmpty ?? true
            && (object["kind"]?.string != "Namespace" || object.at("spec", "finalizers")?.array?.isEmpty ?? true)
    }

    /// Equal but for the bookkeeping of field managers.
    static func isSame(_ left: JSONValue, _ right: JSONValue) -> Bool {
        var (left, right) = (left, right)
        left["metadata"]?["managedFields"] = nil
        right["metadata"]?["managedFields"] = nil
        return left == right
    }

    /// All but metadata and status.
    private static func desiredState(_ object: JSONValue) -> [String: JSONValue] {
        (object.object ?? [:]).filter { $0.key != "metadata" && $0.key != "status" }
    }
}
