import KubeAPI

extension JSONValue {
    /// RFC 7386.
    func merged(with patch: JSONValue) -> JSONValue {
        guard case .object(let changes) = patch else { return patch }
        var members = object ?? [:]
        for (key, change) in changes {
            members[key] = change.isNull ? nil : (members[key] ?? .null).merged(with: change)
        }
        return .object(members)
    }
}
