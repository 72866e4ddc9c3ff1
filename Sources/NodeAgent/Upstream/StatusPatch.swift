package import KubeAPI

/// The strategic merge patch that makes the published status of a pod equal to `status`, whatever it was before.
///
/// Fields that the status no longer has are set to null, since a merge would keep them. Conditions merge by type, so
/// that those of other owners stay. Source: Kubernetes, "Update API objects in place"; patch keys of PodStatus.
package struct StatusPatch: Sendable {
    package let body: JSONValue

    /// Left out when empty, and therefore cleared by name.
    private static let clearable = [
        "message", "reason", "podIP", "podIPs", "initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses",
    ]
    private static let clearableInCondition = ["reason", "message"]

    /// Conditions that are there only while they say something.
    private static let passing = ["PodResizePending", "PodResizeInProgress"]

    /// - Parameter status: a `PodStatus`.
    package init(podUID: String, status: JSONValue) {
        var fields = status
        for name in Self.clearable where fields[name] == nil { fields[name] = .null }
        // Addresses merge by `ip`: without this an old one would stay beside the new one, which is not even valid.
        for name in ["podIPs", "hostIPs"] {
            if let addresses = fields[name]?.array { fields[name] = .array([["$patch": "replace"]] + addresses) }
        }
        if let conditions = fields["conditions"]?.array {
            fields["conditions"] = .array(
                conditions.map { condition in
                    var condition = condition
                    for name in Self.clearableInCondition where condition[name] == nil { condition[name] = .null }
                    return condition
                } + Self.passing.filter { type in !conditions.contains { $0["type"]?.string == type } }
                    .map { ["type": .string($0), "$patch": "delete"] })
        }
        body = ["metadata": ["uid": .string(podUID)], "status": fields]
    }
}
