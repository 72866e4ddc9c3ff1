import KubeAPI

// Objects stay JSON inside the control plane, so that fields Berth does not know survive. These accessors read them with
// Go's meaning of "missing": a field that is absent or null reads as the zero value of what is asked for.
extension JSONValue {
    /// The value at the end of a path of object keys; nil when a step is missing or the value is null.
    func find(_ path: String...) -> JSONValue? { find(path[...]) }

    func text(_ path: String...) -> String { find(path[...])?.string ?? "" }
    func number(_ path: String...) -> Int? { find(path[...])?.int }
    func flag(_ path: String...) -> Bool { find(path[...])?.bool ?? false }
    func items(_ path: String...) -> [JSONValue] { find(path[...])?.array ?? [] }
    func fields(_ path: String...) -> [String: JSONValue] { find(path[...])?.object ?? [:] }
    func texts(_ path: String...) -> [String] { (find(path[...])?.array ?? []).compactMap(\.string) }
    func textMap(_ path: String...) -> [String: String] { (find(path[...])?.object ?? [:]).compactMapValues(\.string) }

    /// A port or a count of pods: a number or text, such as `"25%"`.
    func intOrString(_ path: String...) -> IntOrString? {
        guard let value = find(path[...]) else { return nil }
        if let number = value.int { return .int(number) }
        return value.string.map { .string($0) }
    }

    /// A resource amount, written as text or as a number.
    func quantity(_ path: String...) -> Quantity? { find(path[...])?.asQuantity }

    var asQuantity: Quantity? {
        if let text = string { return Quantity(text) }
        return int.map { Quantity(exactly: $0) }
    }

    private func find(_ path: ArraySlice<String>) -> JSONValue? {
        var value = self
        for key in path {
            guard let next = value[key] else { return nil }
            value = next
        }
        return value == .null ? nil : value
    }

    /// Nested objects along a path, made where they are missing.
    mutating func set(_ path: String..., to value: JSONValue?) { set(path[...], to: value) }

    private mutating func set(_ path: ArraySlice<String>, to value: JSONValue?) {
        guard let key = path.first else { return }
        if path.count == 1 {
            self[key] = value
        } else {
            var child = self[key] ?? .object([:])
            if child == .null { child = .object([:]) }
            child.set(path.dropFirst(), to: value)
            self[key] = child
        }
    }

    var kindName: String { self["kind"]?.string ?? "" }
    var meta: MetaView { MetaView(json: self["metadata"] ?? .object([:])) }
}

/// `metadata`, read without decoding the rest of the object.
struct MetaView {
    let json: JSONValue

    var name: String { json.text("name") }
    var namespace: String { json.text("namespace") }
    var uid: String { json.text("uid") }
    var resourceVersion: String { json.text("resourceVersion") }
    var generation: Int { json.number("generation") ?? 0 }
    var labels: [String: String] { json.textMap("labels") }
    var annotations: [String: String] { json.textMap("annotations") }
    var finalizers: [String] { json.texts("finalizers") }
    var creationTimestamp: Timestamp? { Timestamp(json.text("creationTimestamp")) }
    var deletionTimestamp: Timestamp? { Timestamp(json.text("deletionTimestamp")) }
    var isDeleting: Bool { json.find("deletionTimestamp") != nil }
    var owners: [JSONValue] { json.items("ownerReferences") }
    /// The one owner that manages this object.
    var controller: JSONValue? { owners.first { $0.flag("controller") } }
    func isControlled(by uid: String) -> Bool { controller?.text("uid") == uid }
}

extension JSONValue {
    /// An entry for `ownerReferences` that makes this object the controller of another.
    var controllerReference: JSONValue {
        [
            "apiVersion": .string(text("apiVersion")), "kind": .string(kindName), "name": .string(meta.name), "uid": .string(meta.uid),
            "controller": true, "blockOwnerDeletion": true,
        ]
    }

    /// An entry for `involvedObject` or `targetRef`.
    var reference: JSONValue {
        var value: JSONValue = [
            "apiVersion": .string(text("apiVersion")), "kind": .string(kindName), "name": .string(meta.name), "uid": .string(meta.uid),
        ]
        if !meta.namespace.isEmpty { value["namespace"] = .string(meta.namespace) }
        return value
    }

    func condition(_ type: String) -> JSONValue? { items("status", "conditions").first { $0.text("type") == type } }
}

extension [String: String] {
    var json: JSONValue { .object(mapValues(JSONValue.string)) }
}

extension [String] {
    var json: JSONValue { .array(map(JSONValue.string)) }
}
