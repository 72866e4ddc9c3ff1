package import KubeAPI

extension APIService {
    /// Server-side apply: `applied` is all that `options.fieldManager` wants to say about the object.
    ///
    /// - Parameter force: takes fields over from other managers instead of refusing with 409.
    /// - Returns: the object, and whether it was created.
    package func apply(
        _ resource: Resource, namespace: String = "", name: String, subresource: String = "", _ applied: JSONValue, force: Bool,
        _ options: WriteOptions
    ) async throws(APIError) -> (object: JSONValue, isNew: Bool) {
        let manager = options.fieldManager ?? "unknown"
        guard applied.at("metadata", "managedFields") == nil else {
            throw .badRequest("metadata.managedFields must be nil")
        }
        let apply = ServerSideApply(manager: manager, force: force, resource: resource, subresource: subresource, time: timestamp())
        var quiet = options
        quiet.fieldManager = nil
        while true {
            if store.latest(ObjectKey(resource, namespace: namespace, name: name)) != nil {
                let object = try await modify(
                    resource, namespace: namespace, name: name, subresource: subresource, quiet, recordsManager: false
                ) { (live) throws(APIError) in try apply.merge(applied, into: live) }
                return (object, false)
            }
            guard subresource.isEmpty else { throw .notFound(resource, name) }
            if let uid = applied.at("metadata", "uid")?.string {
                throw .conflict(resource, name, "uid mismatch: the provided object specified uid \(uid), and no existing object was found")
            }
            do throws(APIError) {
                var new = applied
                new["metadata"]?["name"] = .string(name)
                let fields = apply.ownership(of: applied)
                return (try await create(resource, namespace: namespace, new, quiet, managedFields: fields), true)
            } catch {
                guard error.isAlreadyExists else { throw error }
            }
        }
    }
}
