import FoundationEssentials

extension JSONValue {
    /// The typed value as JSON, written as `JSONEncoder` would: `Data` as base64.
    package init(encoding value: some Encodable) throws(EncodingError) {
        do {
            self = try JSONValueEncoder.box(value, codingPath: [])
        } catch let error as EncodingError {
            throw error
        } catch {
            throw .invalidValue(value, .init(codingPath: [], debugDescription: "\(error)", underlyingError: error))
        }
    }
}

extension JSONValue: Encodable {
    package func encode(to encoder: any Encoder) throws {
        if let encoder = encoder as? JSONValueEncoder {
            encoder.slot.value = self
            return
        }
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .int(let value): try container.encode(value)
        case .double(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        case .array(let value): try container.encode(value)
        case .object(let value): try container.encode(value)
        }
    }
}

/// Encoders hand out several containers for one value, so the value lives behind a reference while it grows.
private final class Slot {
    var value: JSONValue?
    var members: [String: Slot]?
    var elements: [Slot]?

    var result: JSONValue {
        if let members { return .object(members.mapValues(\.result)) }
        if let elements { return .array(elements.map(\.result)) }
        return value ?? .object([:])
    }
}

private struct JSONValueEncoder: Encoder {
    let slot: Slot
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    static func box(_ value: some Encodable, codingPath: [any CodingKey]) throws -> JSONValue {
        switch value {
        case let value as JSONValue: return value
        case let value as Data: return .string(value.base64EncodedString())
        case let value as String: return .string(value)
        case let value as Int: return .int(value)
        case let value as Bool: return .bool(value)
        case let value as Double: return .double(value)
        default:
            let slot = Slot()
            try value.encode(to: JSONValueEncoder(slot: slot, codingPath: codingPath))
            return slot.result
        }
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        if slot.members == nil { slot.members = [:] }
        return KeyedEncodingContainer(KeyedContainer<Key>(slot: slot, codingPath: codingPath))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        if slot.elements == nil { slot.elements = [] }
        return UnkeyedContainer(slot: slot, codingPath: codingPath)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { SingleContainer(slot: slot, codingPath: codingPath) }
}

private struct KeyedContainer<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let slot: Slot
    let codingPath: [any CodingKey]

    private func member(_ key: Key) -> Slot {
        let member = Slot()
        slot.members?[key.stringValue] = member
        return member
    }

    mutating func encodeNil(forKey key: Key) { member(key).value = .null }
    mutating func encode(_ value: some Encodable, forKey key: Key) throws {
        member(key).value = try JSONValueEncoder.box(value, codingPath: codingPath + [key])
    }
    mutating func nestedContainer<NestedKey: CodingKey>(keyedBy type: NestedKey.Type, forKey key: Key) -> KeyedEncodingContainer<NestedKey> {
        JSONValueEncoder(slot: member(key), codingPath: codingPath + [key]).container(keyedBy: type)
    }
    mutating func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        JSONValueEncoder(slot: member(key), codingPath: codingPath + [key]).unkeyedContainer()
    }
    mutating func superEncoder() -> any Encoder { JSONValueEncoder(slot: slot, codingPath: codingPath) }
    mutating func superEncoder(forKey key: Key) -> any Encoder { JSONValueEncoder(slot: member(key), codingPath: codingPath + [key]) }
}

private struct UnkeyedContainer: UnkeyedEncodingContainer {
    let slot: Slot
    let codingPath: [any CodingKey]
    var count: Int { slot.elements?.count ?? 0 }

    private func element() -> Slot {
        let element = Slot()
        slot.elements?.append(element)
        return element
    }

    mutating func encodeNil() { element().value = .null }
    mutating func encode(_ value: some Encodable) throws {
        let path = codingPath + [JSONCodingKey(intValue: count)]
        element().value = try JSONValueEncoder.box(value, codingPath: path)
    }
    mutating func nestedContainer<NestedKey: CodingKey>(keyedBy type: NestedKey.Type) -> KeyedEncodingContainer<NestedKey> {
        JSONValueEncoder(slot: element(), codingPath: codingPath).container(keyedBy: type)
    }
    mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
        JSONValueEncoder(slot: element(), codingPath: codingPath).unkeyedContainer()
    }
    mutating func superEncoder() -> any Encoder { JSONValueEncoder(slot: element(), codingPath: codingPath) }
}

private struct SingleContainer: SingleValueEncodingContainer {
    let slot: Slot
    let codingPath: [any CodingKey]

    mutating func encodeNil() { slot.value = .null }
    mutating func encode(_ value: Bool) { slot.value = .bool(value) }
    mutating func encode(_ value: String) { slot.value = .string(value) }
    mutating func encode(_ value: Double) { slot.value = .double(value) }
    mutating func encode(_ value: Float) { slot.value = .double(Double(value)) }
    mutating func encode(_ value: Int) { slot.value = .int(value) }
    mutating func encode(_ value: Int8) { slot.value = .int(Int(value)) }
    mutating func encode(_ value: Int16) { slot.value = .int(Int(value)) }
    mutating func encode(_ value: Int32) { slot.value = .int(Int(value)) }
    mutating func encode(_ value: Int64) { slot.value = .int(Int(value)) }
    mutating func encode(_ value: UInt) throws { try encode(unsigned: value) }
    mutating func encode(_ value: UInt8) { slot.value = .int(Int(value)) }
    mutating func encode(_ value: UInt16) { slot.value = .int(Int(value)) }
    mutating func encode(_ value: UInt32) { slot.value = .int(Int(value)) }
    mutating func encode(_ value: UInt64) throws { try encode(unsigned: value) }
    mutating func encode(_ value: some Encodable) throws { slot.value = try JSONValueEncoder.box(value, codingPath: codingPath) }

    private func encode(unsigned value: some UnsignedInteger & FixedWidthInteger) throws {
        guard let number = Int(exactly: value) else {
            throw EncodingError.invalidValue(value, .init(codingPath: codingPath, debugDescription: "larger than 2^63 - 1"))
        }
        slot.value = .int(number)
    }
}
