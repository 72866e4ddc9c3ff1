import KubeAPI

/// A merge patch that knows the lists of the schema: elements are found by their merge key.
/// Source: Kubernetes community, "Strategic Merge Patch"; apimachinery `strategicpatch`.
struct StrategicMergePatch {
    let schema: Schema

    init(schema: Schema = .current) { self.schema = schema }

    func apply(_ patch: JSONValue, to original: JSONValue, type: Int) throws(APIError) -> JSONValue {
        guard patch.object != nil else { throw .badRequest("a strategic merge patch is an object, not \(patch.typeName)") }
        return try merge(original, patch, as: .object(type), isMap: true) ?? .object([:])
    }

    private static let directive = "$patch"
    private static let retainKeys = "$retainKeys"
    private static let orderPrefix = "$setElementOrder/"
    private static let deletePrefix = "$deleteFromPrimitiveList/"

    /// Nil when the patch deletes the value.
    private func merge(_ original: JSONValue?, _ patch: JSONValue, as type: Schema.FieldType, isMap: Bool) throws(APIError) -> JSONValue? {
        guard case .object(var changes) = patch, type != .any || original?.object != nil else { return patch }
        switch changes.removeValue(forKey: Self.directive)?.string {
        case "replace": return .object(changes)
        case "delete": return nil
        default: break
        }
        var members = original?.object ?? [:]
        if let kept = changes.removeValue(forKey: Self.retainKeys)?.array {
            let kept = Set(kept.compactMap(\.string))
            members = members.filter { kept.contains($0.key) }
        }
        for (key, change) in changes where !key.hasPrefix("$") {
            if change.isNull {
                members[key] = nil
                continue
            }
            let field = field(key, of: type)
            if let field, field.isMerged, case .list(let element) = field.type, case .array(let elements) = change {
                let order = changes[Self.orderPrefix + key]?.array
                members[key] = try .array(merge(members[key]?.array ?? [], elements, field, element, order: order))
            } else {
                members[key] = try merge(members[key], change, as: field?.type ?? .any, isMap: field == nil)
            }
        }
        for (key, change) in changes where key.hasPrefix(Self.deletePrefix) {
            let name = String(key.dropFirst(Self.deletePrefix.count))
            guard let elements = members[name]?.array, let gone = change.array else { continue }
            members[name] = .array(elements.filter { !gone.contains($0) })
        }
        for (key, change) in changes where key.hasPrefix(Self.orderPrefix) {
            let name = String(key.dropFirst(Self.orderPrefix.count))
            guard changes[name] == nil, let elements = members[name]?.array, let order = change.array else { continue }
            members[name] = .array(Self.sorted(elements, by: order, key: field(name, of: type)?.mergeKey, patched: []))
        }
        return .object(members)
    }

    private func field(_ name: String, of type: Schema.FieldType) -> Schema.Field? {
        switch type {
        case .object(let index): schema[index].fields[name]
        case .map(let element): Schema.Field(name: name, type: element)
        default: nil
        }
    }

    private func merge(
        _ original: [JSONValue], _ patch: [JSONValue], _ field: Schema.Field, _ element: Schema.FieldType, order: [JSONValue]?
    ) throws(APIError) -> [JSONValue] {
        guard let mergeKey = field.mergeKey else {
            let merged = original + patch.filter { !original.contains($0) }
            return order.map { Self.sorted(merged, by: $0, key: nil, patched: patch) } ?? merged
        }
        if patch.contains(where: { $0[Self.directive]?.string == "replace" }) {
            return patch.filter { $0[Self.directive] == nil }
        }
        var result = original
        for change in patch {
            guard let key = change[mergeKey] else {
                throw .badRequest("map: \(change) does not contain declared merge key: \(mergeKey)")
            }
            let index = result.firstIndex { $0[mergeKey] == key }
            if change[Self.directive]?.string == "delete" {
                result.removeAll { $0[mergeKey] == key }
            } else if let index {
                if let merged = try merge(result[index], change, as: element, isMap: false) { result[index] = merged }
            } else if let new = try merge(nil, change, as: element, isMap: false) {
                result.append(new)
            }
        }
        return order.map { Self.sorted(result, by: $0, key: mergeKey, patched: patch) } ?? result
    }

    /// The elements named in `order` in that order; one that is not named stays after what it followed.
    private static func sorted(_ elements: [JSONValue], by order: [JSONValue], key: String?, patched: [JSONValue]) -> [JSONValue] {
        func identity(_ element: JSONValue) -> JSONValue? { key.map { element[$0] ?? .null } ?? element }
        let ranks = Dictionary(order.enumerated().map { (identity($1), $0) }, uniquingKeysWith: { first, _ in first })
        var listed = elements.filter { ranks[identity($0)] != nil }
        listed.sort { (ranks[identity($0)] ?? 0) < (ranks[identity($1)] ?? 0) }
        var result = listed
        for (index, element) in elements.enumerated() where ranks[identity(element)] == nil {
            let before = elements[..<index].last.flatMap { result.lastIndex(of: $0) }
            result.insert(element, at: before.map { $0 + 1 } ?? 0)
        }
        return result
    }
}
