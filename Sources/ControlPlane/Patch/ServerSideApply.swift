import KubeAPI

/// Merges what one manager says of an object with what others decided.
/// Source: Kubernetes documentation, "Server-Side Apply"; structured-merge-diff `merge.Updater`.
struct ServerSideApply {
    let manager: String
    let force: Bool
    let resource: Resource
    let subresource: String
    let time: JSONValue
    var schema = Schema.current

    /// `managedFields` of an object that this manager creates.
    func ownership(of applied: JSONValue) -> JSONValue {
        guard let type = schema.type(of: resource) else { return [] }
        var fields = ManagedFields(of: [:])
        give(&fields, ManagedFields.managed(FieldSet(of: applied, type: type)))
        return fields.value
    }

    private func give(_ bookkeeping: inout ManagedFields, _ fields: FieldSet) {
        bookkeeping.give(
            fields, to: manager, operation: "Apply", subresource: subresource, apiVersion: resource.apiVersion, time: time, replacing: true)
    }

    func merge(_ applied: JSONValue, into live: JSONValue) throws(APIError) -> JSONValue {
        guard let type = schema.type(of: resource) else { throw .unsupportedMediaType(ResponseForm.supported) }
        var bookkeeping = ManagedFields(of: live)
        if bookkeeping.entries.isEmpty {
            // The object was never tracked: what it has, somebody wanted.
            bookkeeping.give(
                ManagedFields.managed(FieldSet(of: live, type: type)), to: "before-first-apply", operation: "Update", subresource: "",
                apiVersion: resource.apiVersion, time: time)
        }
        let fields = ManagedFields.managed(FieldSet(of: applied, type: type))
        var merged = Self.merged(live, applied, .object(type), nil, schema)
        let isMine: (ManagedFields.Entry) -> Bool = { $0.manager == manager && $0.operation == "Apply" && $0.subresource == subresource }
        let changed = FieldSet.differences(from: live, to: merged, type: type)
        let handedOver = handedOver(by: live, type)
        try takeOver(changed.intersection(fields), allowed: handedOver, in: &bookkeeping, unless: isMine)

        // What this manager applied before, no longer mentions, and nobody else owns, goes.
        let before = bookkeeping.entries.first(where: isMine)?.fields ?? FieldSet()
        let others = bookkeeping.entries.filter { !isMine($0) }.reduce(FieldSet()) { $0.union($1.fields) }
        let abandoned = before.subtracting(fields).subtracting(others)
        if !abandoned.isEmpty, let rest = Self.removing(abandoned, keeping: fields.union(others), from: merged, .object(type), nil, schema) {
            merged = rest
        }
        give(&bookkeeping, fields)
        if manager == "kubectl", live.at("metadata", "annotations", Self.lastApplied) != nil {
            merged["metadata"]?["annotations"]?[Self.lastApplied] = .string(applied.description)
        }
        merged["metadata"]?["managedFields"] = bookkeeping.value
        return merged
    }

    private static let lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

    /// What kubectl applied on the client side before and nobody has changed since: it may go on with it on the server side.
    /// Source: apimachinery `managedfields` `lastAppliedManager`.
    private func handedOver(by live: JSONValue, _ type: Int) -> FieldSet {
        guard manager == "kubectl", let text = live.at("metadata", "annotations", Self.lastApplied)?.string,
            let before = try? JSONValue(parsing: text)  // an annotation that a user spoilt hands nothing over
        else { return FieldSet() }
        return FieldSet(of: before, type: type).subtracting(FieldSet.differences(from: before, to: live, type: type))
    }

    /// Conflicts are fields that another manager owns and that would change.
    private func takeOver(
        _ changed: FieldSet, allowed: FieldSet, in bookkeeping: inout ManagedFields, unless isMine: (ManagedFields.Entry) -> Bool
    ) throws(APIError) {
        var conflicts: [(entry: ManagedFields.Entry, paths: [String])] = []
        for index in bookkeeping.entries.indices where !isMine(bookkeeping.entries[index]) {
            let common = bookkeeping.entries[index].fields.intersection(changed)
            guard !common.isEmpty else { continue }
            let refused = common.subtracting(allowed)
            if !refused.isEmpty { conflicts.append((bookkeeping.entries[index], refused.paths)) }
            bookkeeping.entries[index].fields = bookkeeping.entries[index].fields.subtracting(common)
        }
        guard !force, !conflicts.isEmpty else { return }
        func describe(_ entry: ManagedFields.Entry) -> String {
            let subresource = entry.subresource.isEmpty ? "" : " with subresource \"\(entry.subresource)\""
            let time = entry.operation == "Update" ? " using \(entry.apiVersion)" + (entry.time.string.map { " at \($0)" } ?? "") : ""
            return "\"\(entry.manager)\"\(subresource)\(time)"
        }
        let causes = conflicts.flatMap { conflict in
            conflict.paths.map {
                StatusCause(reason: "FieldManagerConflict", message: "conflict with \(describe(conflict.entry))", field: $0)
            }
        }
        let text = causes.count == 1
            ? "Apply failed with 1 conflict: \(causes[0].message): \(causes[0].field)"
            : "Apply failed with \(causes.count) conflicts: "
                + conflicts.map { "conflicts with \(describe($0.entry)):\n" + $0.paths.map { "- \($0)" }.joined(separator: "\n") }.joined(separator: "\n")
        throw APIError(code: 409, reason: "Conflict", message: text, details: StatusDetails(causes: causes))
    }

    /// `applied` over `live`: granular lists and maps are merged, everything else is replaced.
    private static func merged(
        _ live: JSONValue?, _ applied: JSONValue, _ type: Schema.FieldType, _ field: Schema.Field?, _ schema: Schema
    ) -> JSONValue {
        guard let live, !(field?.isAtomic ?? false) else { return applied }
        switch (type, live, applied) {
        case (.object(let index), .object(var members), .object(let changes)) where !schema[index].isAtomic:
            for (key, change) in changes {
                let field = schema[index].fields[key]
                members[key] = merged(members[key], change, field?.type ?? .any, field, schema)
            }
            return .object(members)
        case (.map(let element), .object(var members), .object(let changes)):
            for (key, change) in changes { members[key] = merged(members[key], change, element, nil, schema) }
            return .object(members)
        case (.any, .object(var members), .object(let changes)):
            for (key, change) in changes { members[key] = merged(members[key], change, .any, nil, schema) }
            return .object(members)
        case (.list(let element), .array(let old), .array(let new)):
            guard let field, field.isGranularList else { return applied }
            return .array(merged(old, new, field, element, schema))
        default: return applied
        }
    }

    /// Applied elements in their order; the others stay behind what they followed.
    private static func merged(
        _ old: [JSONValue], _ new: [JSONValue], _ field: Schema.Field, _ element: Schema.FieldType, _ schema: Schema
    ) -> [JSONValue] {
        let steps = new.map { field.step(for: $0) }
        var result = new.enumerated().map { index, value in
            let known = old.first { field.step(for: $0) == steps[index] }
            return merged(known, value, element, nil, schema)
        }
        var position = 0
        for value in old {
            let step = field.step(for: value)
            if let index = result.firstIndex(where: { field.step(for: $0) == step }) {
                position = index + 1
            } else {
                result.insert(value, at: position)
                position += 1
            }
        }
        return result
    }

    /// Nil when nothing of the value is left. Containers that others still have something in stay.
    private static func removing(
        _ fields: FieldSet, keeping kept: FieldSet, from value: JSONValue, _ type: Schema.FieldType, _ field: Schema.Field?, _ schema: Schema
    ) -> JSONValue? {
        if fields.isMember, kept.isEmpty { return nil }
        switch value {
        case .object(var members):
            var hasGone = false
            FieldSet.walk(value, type, field, schema) { step, member, memberType, memberField, _ in
                guard let below = fields.children[step] else { return }
                let key = String(step.dropFirst(2))
                members[key] = removing(below, keeping: kept.children[step] ?? FieldSet(), from: member, memberType, memberField, schema)
                hasGone = hasGone || members[key] == nil
            }
            return members.isEmpty && hasGone && kept.isEmpty ? nil : .object(members)
        case .array:
            var rest: [JSONValue] = []
            FieldSet.walk(value, type, field, schema) { step, element, elementType, elementField, _ in
                guard let below = fields.children[step] else {
                    rest.append(element)
                    return
                }
                if let left = removing(below, keeping: kept.children[step] ?? FieldSet(), from: element, elementType, elementField, schema) {
                    rest.append(left)
                }
            }
            return rest.isEmpty ? nil : .array(rest)
        default: return kept.isEmpty ? nil : value
        }
    }
}
