import KubeAPI
import Yams

extension JSONValue {
    /// Reads one YAML document; its scalars follow YAML's core schema.
    init(parsingYAML text: String) throws(APIError) {
        do {
            guard let node = try Yams.compose(yaml: text) else {
                self = .null
                return
            }
            self = JSONValue(node, depth: 0)
        } catch {
            throw .badRequest("error converting YAML to JSON: \(error)")
        }
    }

    private init(_ node: Yams.Node, depth: Int) {
        switch node {
        case .scalar(let scalar):
            switch node.tag.description {
            case "tag:yaml.org,2002:null": self = .null
            case "tag:yaml.org,2002:bool": self = node.bool.map(JSONValue.bool) ?? .string(scalar.string)
            case "tag:yaml.org,2002:int": self = node.int.map(JSONValue.int) ?? .string(scalar.string)
            case "tag:yaml.org,2002:float": self = node.float.map(JSONValue.double) ?? .string(scalar.string)
            default: self = .string(scalar.string)
            }
        case .sequence(let sequence): self = .array(sequence.map { JSONValue($0, depth: depth + 1) })
        case .mapping(let mapping):
            self = .object(
                Dictionary(mapping.map { ($0.key.string ?? "", JSONValue($0.value, depth: depth + 1)) }, uniquingKeysWith: { _, last in last }))
        case .alias: self = .null  // `compose` has replaced every alias by what it stands for
        }
    }

    /// Block style, keys in order.
    func yaml() throws(APIError) -> String {
        do {
            return try Yams.serialize(node: yamlNode, sortKeys: true)
        } catch {
            throw .internalError("writing YAML: \(error)")
        }
    }

    private var yamlNode: Yams.Node {
        switch self {
        case .null: Yams.Node("null", Tag(.null))
        case .bool(let value): Yams.Node(value ? "true" : "false", Tag(.bool))
        case .int(let value): Yams.Node(String(value), Tag(.int))
        case .double: Yams.Node(description, Tag(.float))
        case .string(let value): Self.stringNode(value)
        case .array(let elements): Yams.Node(elements.map(\.yamlNode))
        case .object(let members): Yams.Node(members.sorted { $0.key < $1.key }.map { (Self.stringNode($0.key), $0.value.yamlNode) })
        }
    }

    /// Quoted when it would read as something else.
    private static func stringNode(_ text: String) -> Yams.Node {
        let plain = Yams.Node(text)
        let readsAsText = plain.tag.description == "tag:yaml.org,2002:str" && !text.isEmpty
        return .scalar(.init(text, Tag(.str), text.contains("\n") ? .literal : readsAsText ? .any : .doubleQuoted))
    }
}
