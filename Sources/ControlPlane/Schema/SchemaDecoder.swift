import FoundationEssentials
import KubeAPI

/// Reads an object as Kubernetes' typed decoder would: wrong types are errors, unknown fields are noted and kept, members
/// that are null go, and numbers written for quantities become text.
struct SchemaDecoder {
    let schema: Schema
    private(set) var unknownFields: [String] = []

    init(schema: Schema = .current) { self.schema = schema }

    struct Mismatch: Error { let message: String }

    mutating func decode(_ object: JSONValue, as type: Int) throws(Mismatch) -> JSONValue {
        try object.isNull ? .null : decode(object, as: .object(type), path: "", place: Place(owner: schema[type].shortName, path: ""))
    }

    /// Where Go's message says the value was to go: the struct, and the path of plain field names.
    private struct Place {
        let owner: String
        let path: String
    }

    private mutating func decode(_ value: JSONValue, as type: Schema.FieldType, path: String, place: Place) throws(Mismatch) -> JSONValue {
        switch (type, value) {
        case (_, .null): return value
        case (.any, _), (.string, .string), (.bool, .bool), (.number, .int), (.number, .double), (.intOrString, .string): return value
        case (.int64, .int): return value
        case (.int32, .int(let number)), (.intOrString, .int(let number)):
            guard Int32(exactly: number) != nil else { throw mismatch("number \(number)", type, place) }
            return value
        case (.int32, .double(let number)), (.int64, .double(let number)), (.intOrString, .double(let number)):
            guard let whole = Int(exactly: number) else { throw mismatch("number \(value)", type, place) }
            return try decode(.int(whole), as: type, path: path, place: place)
        case (.bytes, .string(let text)):
            guard Data(base64Encoded: text) != nil else { throw Mismatch(message: "illegal base64 data in \(path)") }
            return value
        case (.time, .string(let text)), (.microTime, .string(let text)):
            guard text.isEmpty || Timestamp(text) != nil else {
                throw Mismatch(message: "parsing time \"\(text)\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"\(text)\" as \"2006\"")
            }
            return text.isEmpty ? .null : value
        case (.quantity, .string(let text)):
            guard Quantity(text) != nil else { throw Self.notAQuantity }
            return value
        case (.quantity, .int), (.quantity, .double): return .string(value.description)
        case (.list(let element), .array(let elements)):
            var result: [JSONValue] = []
            result.reserveCapacity(elements.count)
            for (index, value) in elements.enumerated() {
                result.append(try decode(value, as: element, path: "\(path)[\(index)]", place: place))
            }
            return .array(result)
        case (.map(let element), .object(let members)):
            var result = members
            for (key, value) in members {
                result[key] = value.isNull ? .none : .some(try decode(value, as: element, path: "\(path).\(key)", place: place))
            }
            return .object(result)
        case (.object(let index), .object(let members)): return try decode(members, as: schema[index], path: path, place: place)
        default: throw mismatch(value.typeName, type, place)
        }
    }

    private mutating func decode(
        _ members: [String: JSONValue], as type: Schema.TypeDefinition, path: String, place: Place
    ) throws(Mismatch) -> JSONValue {
        var result = members
        let prefix = path.isEmpty ? "" : path + "."
        for (key, value) in members {
            guard let field = type.fields[key] else {
                unknownFields.append(prefix + key)
                continue
            }
            if value.isNull {
                result[key] = nil
                continue
            }
            let below = Place(owner: type.shortName, path: place.path.isEmpty ? key : "\(place.path).\(key)")
            switch (field.type, value) {
            case (.string, .string), (.bool, .bool), (.any, _): continue
            default:
                let decoded = try decode(value, as: field.type, path: prefix + key, place: below)
                result[key] = decoded.isNull ? nil : decoded
            }
        }
        return .object(result)
    }

    private static let notAQuantity = Mismatch(
        message: "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")

    private func mismatch(_ found: String, _ type: Schema.FieldType, _ place: Place) -> Mismatch {
        if type == .quantity { return Self.notAQuantity }
        return Mismatch(
            message: "json: cannot unmarshal \(found) into Go struct field \(place.owner).\(place.path) of type \(goName(of: type))")
    }

    private func goName(of type: Schema.FieldType) -> String {
        switch type {
        case .string: "string"
        case .int32: "int32"
        case .int64: "int64"
        case .number: "float64"
        case .bool: "bool"
        case .bytes: "[]uint8"
        case .time: "v1.Time"
        case .microTime: "v1.MicroTime"
        case .intOrString: "intstr.IntOrString"
        case .quantity: "resource.Quantity"
        case .any: "interface {}"
        case .object(let index): "v1.\(schema[index].shortName)"
        case .list(let element): "[]\(goName(of: element))"
        case .map(let element): "map[string]\(goName(of: element))"
        }
    }
}
