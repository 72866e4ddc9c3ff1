import FoundationEssentials
import KubeAPI

/// Reads the protobuf that Go clients send for built-in kinds. Answers are JSON, which those clients accept as well.
/// Source: apimachinery `serializer/protobuf`, and the field numbers of the `generated.proto` files.
struct ProtobufDocument {
    let schema: Schema

    struct Malformed: Error {}

    /// The four bytes before every object.
    private static let prefix: [UInt8] = [0x6B, 0x38, 0x73, 0x00]

    init(schema: Schema = .current) { self.schema = schema }

    /// An object with its apiVersion and kind, which travel in an envelope.
    func decode(_ bytes: [UInt8]) throws(APIError) -> JSONValue {
        let failure = APIError.badRequest("provided data does not appear to be a protobuf message of a known kind")
        guard bytes.starts(with: Self.prefix) else { throw failure }
        do throws(Malformed) {
            let envelope = try ProtobufFields(bytes[Self.prefix.count...])
            let type = try ProtobufFields(envelope.bytes(1))
            let (apiVersion, kind) = (Self.text(type.bytes(1)), Self.text(type.bytes(2)))
            let known = schema.type(apiVersion: apiVersion, kind: kind) ?? schema.type(named: "io.k8s.apimachinery.pkg.apis.meta.v1.\(kind)")
            guard let known else { throw Malformed() }
            var members = try object(envelope.bytes(2), known)
            members["apiVersion"] = .string(apiVersion)
            members["kind"] = .string(kind)
            return .object(members)
        } catch {
            throw failure
        }
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }

    private func object(_ bytes: ArraySlice<UInt8>, _ type: Int, within path: [Int] = []) throws(Malformed) -> [String: JSONValue] {
        let definition = schema[type]
        var members: [String: JSONValue] = [:]
        // Apart until they are whole: an array taken out of its member to add one element would be copied each time.
        var lists: [String: [JSONValue]] = [:]
        var maps: [String: [String: JSONValue]] = [:]
        for (number, payload) in try ProtobufFields(bytes).all {
            let path = path + [number]
            if definition.inlined.contains(path), case .bytes(let inner) = payload {
                members.merge(try object(inner, type, within: path)) { $1 }
            }
            guard let field = definition.numbered[path] else { continue }
            switch field.type {
            case .list(let element):
                lists[field.name, default: []].append(try value(payload, element) ?? .string(""))
            case .map(let element):
                guard case .bytes(let entry) = payload else { throw Malformed() }
                let pair = try ProtobufFields(entry)
                maps[field.name, default: [:]][Self.text(pair.bytes(1))] = try pair.all.last { $0.number == 2 }.map { (entry) throws(Malformed) in
                    // A list as the value of a map is a message with its elements in field 1.
                    if case .list(let inner) = element, case .bytes(let list) = entry.payload {
                        var elements: [JSONValue] = []
                        for item in try ProtobufFields(list).all { elements.append(try value(item.payload, inner) ?? .string("")) }
                        return .array(elements)
                    }
                    return try value(entry.payload, element) ?? .string("")
                } ?? .string("")
            default:
                guard let value = try value(payload, field.type), !Self.isAbsent(value, field.name) else { continue }
                members[field.name] = value
            }
        }
        for (name, list) in lists { members[name] = .array(list) }
        for (name, map) in maps { members[name] = .object(map) }
        return members
    }

    /// Go writes the zero of a plain field, and leaves out a pointer that is nil: these are the fields where zero says something.
    private static let pointers: Set = [
        "allowPrivilegeEscalation", "allowVolumeExpansion", "automountServiceAccountToken", "blockOwnerDeletion", "controller", "defaultMode",
        "enableServiceLinks", "expirationSeconds", "fsGroup", "gracePeriodSeconds", "hostUsers", "immutable", "mode", "optional",
        "orphanDependents", "partition", "privileged", "procMount", "publishNotReadyAddresses", "readOnlyRootFilesystem", "ready", "replicas",
        "revisionHistoryLimit", "runAsGroup", "runAsNonRoot", "runAsUser", "serving", "setHostnameAsFQDN", "shareProcessNamespace",
        "terminating", "terminationGracePeriodSeconds", "tolerationSeconds",
    ]

    private static func isAbsent(_ value: JSONValue, _ name: String) -> Bool {
        switch value {
        case .string(let text): text.isEmpty
        case .int(0), .bool(false): !pointers.contains(name)
        default: false
        }
    }

    /// Nil for a time that is not set.
    private func value(_ payload: ProtobufFields.Payload, _ type: Schema.FieldType) throws(Malformed) -> JSONValue? {
        switch (type, payload) {
        case (.string, .bytes(let bytes)): return .string(Self.text(bytes))
        case (.bytes, .bytes(let bytes)): return .string(Data(bytes).base64EncodedString())
        case (.bool, .varint(let number)): return .bool(number != 0)
        case (.int32, .varint(let number)), (.int64, .varint(let number)): return .int(Int(truncatingIfNeeded: number))
        case (.number, .fixed64(let bits)): return .double(Double(bitPattern: bits))
        case (.object(let index), .bytes(let bytes)): return .object(try object(bytes, index))
        case (.quantity, .bytes(let bytes)): return .string(Self.text(try ProtobufFields(bytes).bytes(1)))
        case (.intOrString, .bytes(let bytes)):
            let fields = try ProtobufFields(bytes)
            return fields.integer(1) == 1 ? .string(Self.text(fields.bytes(3))) : .int(fields.integer(2))
        case (.time, .bytes(let bytes)), (.microTime, .bytes(let bytes)):
            let fields = try ProtobufFields(bytes)
            let seconds = fields.integer(1)
            guard seconds > 0 else { return nil }
            let date = Date(timeIntervalSince1970: Double(seconds) + Double(fields.integer(2)) / 1e9)
            return .string(Timestamp(date, hasMicroseconds: type == .microTime).description)
        case (.any, .bytes(let bytes)):
            let document = try ProtobufFields(bytes).bytes(1)
            do throws(JSONError) { return try JSONValue(parsing: document) } catch { throw Malformed() }
        default: throw Malformed()
        }
    }
}

/// The fields of one protobuf message, in the order they came. Source: protobuf.dev, "Encoding".
struct ProtobufFields {
    enum Payload {
        case varint(UInt64)
        case fixed64(UInt64)
        case bytes(ArraySlice<UInt8>)
        case fixed32(UInt32)
    }

    private(set) var all: [(number: Int, payload: Payload)] = []

    init(_ message: ArraySlice<UInt8>) throws(ProtobufDocument.Malformed) {
        var rest = message
        while !rest.isEmpty {
            let key = try Self.varint(&rest)
            let number = Int(truncatingIfNeeded: key >> 3)
            switch key & 7 {
            case 0: all.append((number, .varint(try Self.varint(&rest))))
            case 1: all.append((number, .fixed64(try Self.fixed(&rest, bytes: 8))))
            case 2:
                guard let length = Int(exactly: try Self.varint(&rest)), length <= rest.count else { throw ProtobufDocument.Malformed() }
                all.append((number, .bytes(rest.prefix(length))))
                rest = rest.dropFirst(length)
            case 5: all.append((number, .fixed32(UInt32(truncatingIfNeeded: try Self.fixed(&rest, bytes: 4)))))
            default: throw ProtobufDocument.Malformed()
            }
        }
    }

    /// The last one counts; empty when there is none.
    func bytes(_ number: Int) -> ArraySlice<UInt8> {
        for field in all.reversed() where field.number == number { if case .bytes(let bytes) = field.payload { return bytes } }
        return []
    }

    func integer(_ number: Int) -> Int {
        for field in all.reversed() where field.number == number {
            if case .varint(let value) = field.payload { return Int(truncatingIfNeeded: value) }
        }
        return 0
    }

    private static func varint(_ rest: inout ArraySlice<UInt8>) throws(ProtobufDocument.Malformed) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: 0, to: 64, by: 7) {
            guard let byte = rest.popFirst() else { break }
            value |= UInt64(byte & 0x7F) << UInt64(shift)
            if byte < 0x80 { return value }
        }
        throw ProtobufDocument.Malformed()
    }

    private static func fixed(_ rest: inout ArraySlice<UInt8>, bytes count: Int) throws(ProtobufDocument.Malformed) -> UInt64 {
        guard rest.count >= count else { throw ProtobufDocument.Malformed() }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
