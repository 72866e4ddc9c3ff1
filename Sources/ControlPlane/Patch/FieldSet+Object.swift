import KubeAPI

extension Schema.Field {
    /// How an element of this list is found again; nil for atomic lists.
    func step(for element: JSONValue) -> FieldSet.Step? {
        if isSet, mergeKey == nil { return FieldSet.value(element) }
        let keys = listKeys.isEmpty ? (isSet ? [mergeKey].compactMap(\.self) : []) : listKeys
        guard !keys.isEmpty else { return nil }
        // The one key with a default in the schema is a port's protocol.
        return FieldSet.key(Dictionary(uniqueKeysWithValues: keys.map { ($0, element[$0] ?? ($0 == "protocol" ? "TCP" : .null)) }))
    }

    /// Elements are owned one by one.
    var isGranularList: Bool { if case .list = type { isSet || !listKeys.isEmpty } else { false } }
}

extension FieldSet {
    /// The leaves of an object, and the list elements themselves.
    init(of value: JSONValue, type: Int, schema: Schema = .current) { self = Self.leaves(of: value, .object(type), nil, schema) }

    private static func leaves(of value: JSONValue, _ type: Schema.FieldType, _ field: Schema.Field?, _ schema: Schema) -> FieldSet {
        var set = FieldSet()
        walk(value, type, field, schema) { step, element, elementType, elementField, isElement in
            var below = leaves(of: element, elementType, elementField, schema)
            if isElement || below.isEmpty { below.isMember = true }
            set.children[step] = below
        }
        if set.children.isEmpty { set.isMember = true }
        return set
    }

    /// The leaves in which `new` differs from `old`, also those that `new` no longer has.
    static func differences(from old: JSONValue, to new: JSONValue, type: Int, schema: Schema = .current) -> FieldSet {
        differences(old, new, .object(type), nil, schema)
    }

    private static func differences(_ old: JSONValue?, _ new: JSONValue?, _ type: Schema.FieldType, _ field: Schema.Field?, _ schema: Schema) -> FieldSet {
        if old == new { return FieldSet() }
        guard let old else { return new.map { leaves(of: $0, type, field, schema) } ?? FieldSet() }
        guard let new else { return leaves(of: old, type, field, schema) }
        var before: [Step: JSONValue] = [:]
        walk(old, type, field, schema) { step, element, _, _, _ in before[step] = element }
        var result = FieldSet()
        var isContainer = !before.isEmpty
        walk(new, type, field, schema) { step, element, elementType, elementField, isElement in
            isContainer = true
            let known = before.removeValue(forKey: step)
            var below = differences(known, element, elementType, elementField, schema)
            if isElement, known == nil { below.isMember = true }
            if !below.isEmpty { result.children[step] = below }
        }
        walk(old, type, field, schema) { step, element, elementType, elementField, isElement in
            guard before[step] != nil else { return }
            var below = leaves(of: element, elementType, elementField, schema)
            if isElement || below.isEmpty { below.isMember = true }
            result.children[step] = below
        }
        if !isContainer { result.isMember = true }
        return result
    }

    /// Calls `visit` with each part of a value that has its own owner; with none when the value is owned as a whole.
    static func walk(
        _ value: JSONValue, _ type: Schema.FieldType, _ field: Schema.Field?, _ schema: Schema,
        _ visit: (Step, JSONValue, Schema.FieldType, Schema.Field?, _ isElement: Bool) -> Void
    ) {
        if field?.isAtomic ?? false { return }
        switch (type, value) {
        case (.object(let index), .object(let members)) where !schema[index].isAtomic:
            for (key, member) in members {
                let field = schema[index].fields[key]
                visit(Self.field(key), member, field?.type ?? .any, field, false)
            }
        case (.map(let element), .object(let members)):
            for (key, member) in members { visit(Self.field(key), member, element, nil, false) }
        case (.any, .object(let members)):
            for (key, member) in members { visit(Self.field(key), member, .any, nil, false) }
        case (.list(let element), .array(let elements)):
            guard let field, field.isGranularList else { return }
            for value in elements { if let step = field.step(for: value) { visit(step, value, element, nil, true) } }
        default: return
        }
    }
}
