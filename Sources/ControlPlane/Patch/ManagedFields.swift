import KubeAPI

/// `metadata.managedFields`: who last decided on which field.
enum ManagedFields {
    /// Gives the fields that differ between `old` and `new` to `manager`.
    static func recordUpdate(
        _ new: inout JSONValue, from old: JSONValue?, manager: String, time: JSONValue, resource: Resource, subresource: String = ""
    ) {}
}
