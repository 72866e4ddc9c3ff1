import KubeAPI

/// `metadata.managedFields`: who last decided on which field.
struct ManagedFields {
    struct Entry {
        var manager: String
        /// `Apply` or `Update`.
        var operation: String
        var subresource: String
        var apiVersion: String
        var time: JSONValue
        var fields: FieldSet
    }

    var entries: [Entry]

    init(of object: JSONValue) {
        entries = (object.at("metadata", "managedFields")?.array ?? []).map { value in
            Entry(
                manager: value["manager"]?.string ?? "", operation: value["operation"]?.string ?? "Update",
                subresource: value["subresource"]?.string ?? "", apiVersion: value["apiVersion"]?.string ?? "", time: value["time"] ?? .null,
                fields: FieldSet(fieldsV1: value["fieldsV1"] ?? [:]))
        }
    }

    var value: JSONValue {
        .array(
            entries.filter { !$0.fields.isEmpty }.map { entry in
                var value: JSONValue = [
                    "manager": .string(entry.manager), "operation": .string(entry.operation), "apiVersion": .string(entry.apiVersion),
                    "fieldsType": "FieldsV1", "fieldsV1": entry.fields.fieldsV1,
                ]
                if !entry.time.isNull { value["time"] = entry.time }
                if !entry.subresource.isEmpty { value["subresource"] = .string(entry.subresource) }
                return value
            })
    }

    /// What no manager owns: the server sets it.
    private static let serverFields: [[FieldSet.Step]] =
        [["f:apiVersion"], ["f:kind"]]
        + [
            "name", "namespace", "generateName", "uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp",
            "deletionGracePeriodSeconds", "selfLink", "managedFields",
        ].map { ["f:metadata", "f:\($0)"] }

    static func managed(_ fields: FieldSet) -> FieldSet {
        var fields = fields.removing(serverFields)
        if fields.children["f:metadata"].map({ $0.children.isEmpty }) ?? false { fields.children["f:metadata"] = nil }
        return fields
    }

    /// Adds `fields` to the manager's entry, or replaces it by them.
    mutating func give(
        _ fields: FieldSet, to manager: String, operation: String, subresource: String, apiVersion: String, time: JSONValue,
        replacing: Bool = false
    ) {
        let index = entries.firstIndex { $0.manager == manager && $0.operation == operation && $0.subresource == subresource }
        if let index {
            let all = replacing ? fields : entries[index].fields.union(fields)
            if all != entries[index].fields {
                entries[index].fields = all
                entries[index].time = time
            }
            entries[index].apiVersion = apiVersion
        } else if !fields.isEmpty {
            entries.append(
                Entry(manager: manager, operation: operation, subresource: subresource, apiVersion: apiVersion, time: time, fields: fields))
        }
    }

    /// Gives the fields that differ between `old` and `new` to `manager`. A request that changes the list itself, to the
    /// single empty entry that clears it for instance, has its way.
    static func recordUpdate(
        _ new: inout JSONValue, from old: JSONValue?, manager: String, time: JSONValue, resource: Resource, subresource: String = ""
    ) {
        guard let type = Schema.current.type(of: resource) else { return }
        var bookkeeping = ManagedFields(of: old ?? [:])
        if let old, new.at("metadata", "managedFields") != old.at("metadata", "managedFields") {
            bookkeeping = ManagedFields(of: new)
        }
        let changed: FieldSet
        if let old {
            changed = managed(FieldSet.differences(from: old, to: new, type: type))
            let all = FieldSet(of: new, type: type)
            for index in bookkeeping.entries.indices {
                let entry = bookkeeping.entries[index]
                if entry.manager == manager, entry.operation == "Update" { continue }
                bookkeeping.entries[index].fields = bookkeeping.entries[index].fields.subtracting(changed)
            }
            bookkeeping.give(
                changed.intersection(all), to: manager, operation: "Update", subresource: subresource, apiVersion: resource.apiVersion, time: time)
        } else {
            var own = managed(FieldSet(of: new, type: type))
            own.children["f:status"] = nil
            bookkeeping.give(own, to: manager, operation: "Update", subresource: subresource, apiVersion: resource.apiVersion, time: time)
        }
        new["metadata"]?["managedFields"] = bookkeeping.value
    }
}
