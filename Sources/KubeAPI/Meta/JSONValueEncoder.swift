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
    var members: [String: JSONValue]?
    var elements: [JSONValue]?
    /// Members and elements that may still grow.
    var openMembers: [String: Slot] = [:]
    var openElements: [Int: Slot] = [:]

    var result: JSONValue {
        if var members {
            for (key, slot) in openMembers { members[key] = slot.result }
            return .object(members)
        }
        if var elements {
            for (index, slot) in openElements { elements[index] = slot.result }
            return .array(elements)
        }
        return value ?? .object([:])
    }
}

private struct JSONValueEncoder: Encoder {
    let slot: Slot
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    /// - Parameter codingPath: asked for only where something is below the value.
    static func box(_ value: some Encodable, codingPath: @autoclosure () -> [any CodingKey]) throws -> JSONValue {
        switch value {
        case let value as JSONValue: return value
        case let value as Data: return .string(value.base64EncodedString())
        case let value as String: return .string(value)
        case let value as Int: return .int(value)
        case let value as Bool: return .bool(value)
        case let value as Double: return .double(value)
        default:
            let slot = Slot()
            try value.encode(to: JSONValueEncoder(slot: slot, codingPath: codingPath()))
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

    private func open(_ key: Key) -> JSONValueEncoder {
        let member = Slot()
        slot.openMembers[key.stringValue] = member
        return JSONValueEncoder(slot: member, codingPath: codingPath + [key])
    }

    func encodeNil(forKey key: Key) { slot.members?[key.stringValue] = .null }
    // What most members are, without asking for their type.
    func encode(_ value: String, forKey key: Key) { slot.members?[key.stringValue] = .string(value) }
    func encode(_ value: Int, forKey key: Key) { slot.members?[key.stringValue] = .int(value) }
    func encode(_ value: Bool, forKey key: Key) { slot.members?[key.stringValue] = .bool(value) }
    func encode(_ value: some Encodable, forKey key: Key) throws {
        let member = try JSONValueEncoder.box(value, codingPath: codingPath + [key])
        slot.members?[key.stringValue] = member
    }
    func nestedContainer<NestedKey: CodingKey>(keyedBy type: NestedKey.Type, forKey key: Key) -> KeyedEncodingContainer<NestedKey> {
        open(key).container(keyedBy: type)
    }
    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer { open(key).unkeyedContainer() }
    func superEncoder() -> any Encoder { JSONValueEncoder(slot: slot, codingPath: codingPath) }
    func superEncoder(forKey key: Key) -> any Encoder { open(key) }
}

private struct UnkeyedContainer: UnkeyedEncodingContainer {
    let slot: Slot
    let codingPath: [any CodingKey]
    var count: Int { slot.elements?.count ?? 0 }

    private func open() -> JSONValueEncoder {
        let element = Slot()
        slot.openElements[count] = element
        slot.elements?.append(.null)
        return JSONValueEncoder(slot: element, codingPath: codingPath)
    }

    func encodeNil() { slot.elements?.append(.null) }
    func encode(_ value: some Encodable) throws {
        let element = try JSONValueEncoder.box(value, codingPath: codingPath + [JSONCodingKey(intValue: count)])
        slot.elements?.append(element)
    }
    func nestedContainer<NestedKey: CodingKey>(keyedBy type: NestedKey.Type) -> KeyedEncodingContainer<NestedKey> {
        open().container(keyedBy: type)
    }
    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { open().unkeyedContainer() }
    func superEncoder() -> any Encoder { open() }
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
