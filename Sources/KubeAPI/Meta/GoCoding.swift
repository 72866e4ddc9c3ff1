// Kubernetes' JSON follows Go: a missing field, and a field that is `null`, read as the type's zero value, and most zero
// values are left out when written. These overloads are what the synthesised `Codable` conformances in this module
// resolve to, so a type says `var env: [EnvVar] = []` and never re-applies a default.
// Source: Kubernetes API conventions, "Optional vs. Required"; Go encoding/json, "omitempty".

extension KeyedDecodingContainer {
    func decode<Element: Decodable>(_ type: [Element].Type, forKey key: Key) throws -> [Element] {
        try decodeIfPresent(type, forKey: key) ?? []
    }

    func decode<Value: Decodable>(_ type: [String: Value].Type, forKey key: Key) throws -> [String: Value] {
        try decodeIfPresent(type, forKey: key) ?? [:]
    }

    func decode(_ type: String.Type, forKey key: Key) throws -> String {
        try decodeIfPresent(type, forKey: key) ?? ""
    }

    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool {
        try decodeIfPresent(type, forKey: key) ?? false
    }

    func decode(_ type: Int.Type, forKey key: Key) throws -> Int {
        try decodeIfPresent(type, forKey: key) ?? 0
    }

    func decode<Value: Decodable & GoZero>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try decodeIfPresent(type, forKey: key) ?? Value()
    }
}

extension KeyedEncodingContainer {
    mutating func encode<Element: Encodable>(_ value: [Element], forKey key: Key) throws {
        if !value.isEmpty { try encodeIfPresent(value, forKey: key) }
    }

    mutating func encode<Value: Encodable>(_ value: [String: Value], forKey key: Key) throws {
        if !value.isEmpty { try encodeIfPresent(value, forKey: key) }
    }

    mutating func encode(_ value: String, forKey key: Key) throws {
        if !value.isEmpty { try encodeIfPresent(value, forKey: key) }
    }

    mutating func encode(_ value: Bool, forKey key: Key) throws {
        if value { try encodeIfPresent(value, forKey: key) }
    }

    mutating func encode(_ value: Int, forKey key: Key) throws {
        if value != 0 { try encodeIfPresent(value, forKey: key) }
    }

    mutating func encode<Value: Encodable & GoZero>(_ value: Value, forKey key: Key) throws {
        if value != Value() { try encodeIfPresent(value, forKey: key) }
    }
}

/// A struct whose zero value is its meaning when the field is missing.
package protocol GoZero: Equatable {
    init()
}
