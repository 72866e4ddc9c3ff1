/// Any JSON document, so that an object keeps the fields Berth does not know.
///
/// A whole number that fits 64 bits is an `int` and stays exact; every other number is a `double`.
package enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    case int(Int)
    case double(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])
}

extension JSONValue {
    /// The member `key`, or nil when there is none or this is not an object. Setting nil removes it; setting a value on
    /// anything but an object first makes it an empty one.
    package subscript(_ key: String) -> JSONValue? {
        get {
            if case .object(let members) = self { members[key] } else { nil }
        }
        set {
            guard case .object(var members) = self else {
                if let newValue { self = .object([key: newValue]) }
                return
            }
            self = .null  // leaves `members` the only reference, so that the write below is in place
            members[key] = newValue
            self = .object(members)
        }
        _modify {
            guard case .object(var members) = self else {
                var member: JSONValue?
                yield &member
                if let member { self = .object([key: member]) }
                return
            }
            self = .null
            defer { self = .object(members) }
            yield &members[key]
        }
    }

    /// The element at `index`, or nil when there is none or this is not an array.
    package subscript(_ index: Int) -> JSONValue? {
        if case .array(let elements) = self, elements.indices.contains(index) { elements[index] } else { nil }
    }

    /// The value below nested objects: `pod.at("spec", "nodeName")`.
    package func at(_ path: String...) -> JSONValue? {
        var value: JSONValue? = self
        for key in path { value = value?[key] }
        return value
    }

    package var isNull: Bool { self == .null }
    package var string: String? { if case .string(let value) = self { value } else { nil } }
    package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    package var array: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
    package var object: [String: JSONValue]? { if case .object(let value) = self { value } else { nil } }
    package var double: Double? {
        switch self {
        case .double(let value): value
        case .int(let value): Double(value)
        default: nil
        }
    }
    /// Also of a `double` without a fraction, as YAML and JavaScript write whole numbers.
    package var int: Int? {
        switch self {
        case .int(let value): value
        case .double(let value): Int(exactly: value)
        default: nil
        }
    }

    /// What Kubernetes' messages call this kind of value.
    package var typeName: String {
        switch self {
        case .null: "null"
        case .bool: "bool"
        case .int, .double: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral {
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int) { self = .int(value) }
    package init(floatLiteral value: Double) { self = .double(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
}

// Not `ExpressibleByNilLiteral`: `value["key"] = flag ? nil : x` would then store null where it means to remove the member.
extension JSONValue: ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral {
    package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(Dictionary(elements) { _, last in last })
    }
}

extension JSONValue: CustomStringConvertible {
    /// Compact JSON with its keys in order.
    package var description: String { String(decoding: serialized(sortedKeys: true), as: UTF8.self) }
}
