import FoundationEssentials
package import KubeAPI

extension APIService {
    package enum Deletion: Sendable {
        /// It is gone; this was its last state.
        case removed(JSONValue)
        /// It waits for its grace period or its finalizers.
        case begun(JSONValue)
    }

    /// Deletes an object, or begins to.
    package func delete(
        _ resource: Resource, namespace: String = "", name: String, _ options: DeleteOptions = DeleteOptions()
    ) async throws(APIError) -> Deletion {
        let key = ObjectKey(resource, namespace: namespace, name: name)
        while true {
            guard let current = store.latest(key) else { throw .notFound(resource, name) }
            let old = current.value
            try checkPreconditions(options, old, resource, name: name)
            var new = old
            let request = AdmissionRequest(
                operation: .delete, resource: resource, subresource: "", namespace: namespace, name: name, old: old, user: options.user,
                isDryRun: options.isDryRun)
            try admission.admit(&new, request)
            new = old
            beginDeletion(of: &new, resource, options)
            let isOver = Self.mayBeRemoved(new)
            if options.isDryRun { return isOver ? .removed(new) : .begun(new) }
            if !isOver, new == old { return .begun(old) }
            do throws(StoreError) {
                if isOver { return .removed(try await store.remove(new, at: key, replacing: current.resourceVersion).value) }
                return .begun(try await store.put(new, at: key, replacing: current.resourceVersion).value)
            } catch {
                guard case .conflict = error else { throw refusal(of: error) }
            }
        }
    }

    /// Deletes what `filter` matches; returns what was found.
    package func deleteCollection(
        _ resource: Resource, _ filter: ObjectFilter, _ options: DeleteOptions = DeleteOptions()
    ) async throws(APIError) -> ObjectList {
        let list = try list(resource, ListOptions(filter: filter))
        for object in list.objects {
            do throws(APIError) {
                _ = try await delete(resource, namespace: object.key.namespace, name: object.key.name, options)
            } catch {
                guard error.isNotFound else { throw error }
            }
        }
        return list
    }

    private func checkPreconditions(_ options: DeleteOptions, _ object: JSONValue, _ resource: Resource, name: String) throws(APIError) {
        if let uid = options.uid, let own = object.at("metadata", "uid")?.string, uid != own {
            throw .conflict(resource, name, "Precondition failed: UID in precondition: \(uid), UID in object meta: \(own)")
        }
        if let version = options.resourceVersion, let own = object.at("metadata", "resourceVersion")?.string, version != own {
            throw .conflict(
                resource, name, "Precondition failed: ResourceVersion in precondition: \(version), ResourceVersion in object meta: \(own)")
        }
    }

    private func beginDeletion(of object: inout JSONValue, _ resource: Resource, _ options: DeleteOptions) {
        var metadata = object["metadata"]?.object ?? [:]
        var finalizers = Set((metadata["finalizers"]?.array ?? []).compactMap(\.string))
        let before = finalizers
        switch options.propagation {
        case .foreground:
            finalizers.insert("foregroundDeletion")
            finalizers.remove("orphan")
        case .orphan:
            finalizers.insert("orphan")
            finalizers.remove("foregroundDeletion")
        case .background:
            finalizers.subtract(["orphan", "foregroundDeletion"])
        case nil: break
        }
        if finalizers != before {
            let kept = (metadata["finalizers"]?.array ?? []).filter { finalizers.contains($0.string ?? "") }
            metadata["finalizers"] = .array(kept + finalizers.subtracting(before).sorted().map(JSONValue.string))
        }
        let grace = Self.gracePeriod(of: object, resource, options)
        let known = metadata["deletionTimestamp"] == nil ? nil : metadata["deletionGracePeriodSeconds"]?.int ?? 0
        // A deletion under way can be hastened, never put off.
        if known.map({ grace < $0 }) ?? true {
            metadata["deletionTimestamp"] = .string(Timestamp(now().addingTimeInterval(Double(grace))).description)
            metadata["deletionGracePeriodSeconds"] = .int(grace)
            if resource.hasGeneration { metadata["generation"] = .int((metadata["generation"]?.int ?? 0) + 1) }
        }
        object["metadata"] = .object(metadata)
        if resource == ResourceCatalog.namespaces { object["status"] = ["phase": "Terminating"] }
    }

    /// Seconds. Only pods are given time, and only while they may be running. Source: kubernetes pod strategy `CheckGracefulDelete`.
    private static func gracePeriod(of object: JSONValue, _ resource: Resource, _ options: DeleteOptions) -> Int {
        guard resource == ResourceCatalog.pods else { return 0 }
        let isPlaced = object.at("spec", "nodeName")?.string?.isEmpty == false
        let isOver = ["Succeeded", "Failed"].contains(object.at("status", "phase")?.string ?? "")
        guard isPlaced, !isOver else { return 0 }
        return max(0, options.gracePeriodSeconds ?? object.at("spec", "terminationGracePeriodSeconds")?.int ?? 30)
    }
}
