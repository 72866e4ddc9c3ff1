import KubeAPI

/// What fields the served kinds have. One table drives decoding, OpenAPI, `kubectl explain`, strategic merge and server-side apply.
final class Schema: Sendable {
    indirect enum FieldType: Hashable, Sendable {
        case string, int32, int64, number, bool, bytes, time, microTime, intOrString, quantity, any
        /// Index into `types`.
        case object(Int)
        case list(FieldType)
        case map(FieldType)
    }

    struct Field: Hashable, Sendable {
        let name: String
        let type: FieldType
        var isRequired = false
        /// The keys that tell the elements of a list apart; empty for a set or an atomic list.
        var listKeys: [String] = []
        var isSet = false
        /// Strategic merge patches merge this list instead of replacing it.
        var isMerged = false
        /// Nil for lists of scalars.
        var mergeKey: String?
        var retainsKeys = false
        /// Owned as a whole.
        var isAtomic = false
        /// Numbers of the protobuf fields that lead here; empty when only JSON has it.
        var numbers: [Int] = []
    }

    struct TypeDefinition: Sendable {
        /// `io.k8s.api.core.v1.Pod`
        let name: String
        let isAtomic: Bool
        var fields: [String: Field]
        /// Alphabetical.
        var order: [String]
        /// By protobuf field numbers.
        var numbered: [[Int]: Field] = [:]
        /// Protobuf messages whose fields JSON shows as fields of this type.
        var inlined: Set<[Int]> = []

        var shortName: String { String(name[(name.lastIndex(of: ".").map(name.index(after:)) ?? name.startIndex)...]) }
    }

    let types: [TypeDefinition]
    private let indexes: [String: Int]

    static let current = Schema(SchemaText.all)

    /// - Precondition: the texts are well formed; they are constants, and a test reads them all.
    init(_ texts: [String]) {
        var sections: [String: String] = [:]
        var names: [String: Int] = [:]
        var lines: [(section: String, text: Substring)] = []
        var section = ""
        for line in texts.flatMap({ $0.split(separator: "\n") }) {
            if line.hasPrefix("# ") {
                let parts = line.split(separator: " ")
                section = String(parts[1])
                sections[section] = String(parts[2])
                continue
            }
            if !line.hasPrefix(" ") { names["\(section).\(line.split(separator: "@")[0])"] = names.count }
            lines.append((section, line))
        }
        var types: [TypeDefinition] = []
        for (section, line) in lines {
            if line.hasPrefix(" ") {
                for text in line.split(separator: " ") {
                    let field = Self.field(text, section: section, names: names)
                    types[types.count - 1].fields[field.name] = field
                    types[types.count - 1].order.append(field.name)
                    if !field.numbers.isEmpty { types[types.count - 1].numbered[field.numbers] = field }
                    if field.numbers.count > 1 { types[types.count - 1].inlined.insert(Array(field.numbers.dropLast())) }
                }
            } else {
                let name = String(line.split(separator: "@")[0])
                types.append(
                    TypeDefinition(name: "\(sections[section] ?? section).\(name)", isAtomic: line.hasSuffix("@"), fields: [:], order: []))
            }
        }
        self.types = types
        indexes = Dictionary(uniqueKeysWithValues: types.enumerated().map { ($1.name, $0) })
    }

    private static func field(_ text: Substring, section: String, names: [String: Int]) -> Field {
        let parts = text.split(separator: ":", maxSplits: 1)
        let isRequired = parts[0].hasSuffix("!")
        let rest = parts[1]
        let typeEnd = rest.firstIndex { "*&%@=".contains($0) } ?? rest.endIndex
        let type = type(rest[..<typeEnd], section: section, names: names)
        var field = Field(name: String(isRequired ? parts[0].dropLast() : parts[0]), type: type, isRequired: isRequired)
        var flags = rest[typeEnd...]
        while let flag = flags.popFirst() {
            let argument = flags.prefix { !"*&%@=".contains($0) }
            flags = flags.dropFirst(argument.count)
            switch flag {
            case "*":
                field.listKeys = argument.split(separator: ",").map(String.init)
                field.isSet = argument.isEmpty
            case "&":
                field.isMerged = true
                field.mergeKey = argument.isEmpty ? field.listKeys.first : String(argument)
            case "%": field.retainsKeys = true
            case "=": field.numbers = argument.split(separator: ".").compactMap { Int($0) }
            default: field.isAtomic = true
            }
        }
        return field
    }

    private static func type(_ text: Substring, section: String, names: [String: Int]) -> FieldType {
        switch text {
        case "str": return .string
        case "int32": return .int32
        case "int64": return .int64
        case "num": return .number
        case "bool": return .bool
        case "bytes": return .bytes
        case "time": return .time
        case "micro": return .microTime
        case "intstr": return .intOrString
        case "quantity": return .quantity
        case "any": return .any
        default:
            if text.hasPrefix("[") { return .list(type(text.dropFirst().dropLast(), section: section, names: names)) }
            if text.hasPrefix("{") { return .map(type(text.dropFirst().dropLast(), section: section, names: names)) }
            guard let index = names[text.contains(".") ? String(text) : "\(section).\(text)"] else {
                preconditionFailure("the schema has no type \(text)")
            }
            return .object(index)
        }
    }

    subscript(_ index: Int) -> TypeDefinition { types[index] }

    /// By its full name.
    func type(named name: String) -> Int? { indexes[name] }

    /// The type of a resource's objects.
    func type(of resource: Resource) -> Int? { type(apiVersion: resource.apiVersion, kind: resource.kind) }

    func type(apiVersion: String, kind: String) -> Int? { indexes[Self.definitionName(apiVersion: apiVersion, kind: kind)] }

    /// `io.k8s.api.<first word of the group>.<version>.<kind>`
    static func definitionName(apiVersion: String, kind: String) -> String {
        let parts = apiVersion.split(separator: "/")
        let group = parts.count == 1 ? "core" : String(parts[0].prefix { $0 != "." })
        return "io.k8s.api.\(group).\(parts.last ?? "").\(kind)"
    }
}
