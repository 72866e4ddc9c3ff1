import KubeAPI
import Yams

extension JSONValue {
    /// Reads one YAML document; its scalars follow YAML's core schema. Aliases count as what they stand for: a document that
    /// they make larger than a request may be is refused, as is one of more than `maximumDepth` levels.
    init(parsingYAML text: String) throws(APIError) {
        let document: Yams.Node?
        do {
            document = try Yams.compose(yaml: text)
        } catch {
            throw .badRequest("error converting YAML to JSON: \(error)")
        }
        // Twice the limit of a request: a document without aliases stays below it.
        var room = 2 * APIRequest.maximumBodySize
        self = try document.map { node throws(APIError) in try JSONValue(node, depth: 0, room: &room) } ?? .null
    }

    /// - Parameter room: bytes that may still come.
    private init(_ node: Yams.Node, depth: Int, room: inout Int) throws(APIError) {
        guard depth <= JSONValue.maximumDepth else {
            throw .badRequest("error converting YAML to JSON: more than \(JSONValue.maximumDepth) levels")
        }
        room -= 1 + (node.scalar?.string.utf8.count ?? 0)
        guard room > 0 else {
            throw APIError(code: 413, reason: "RequestEntityTooLarge", message: "Request entity too large: the YAML's aliases stand for too much")
        }
        switch node {
        case .scalar(let scalar):
            switch node.tag.description {
            case "tag:yaml.org,2002:null": self = .null
            case "tag:yaml.org,2002:bool": self = node.bool.map(JSONValue.bool) ?? .string(scalar.string)
            case "tag:yaml.org,2002:int": self = node.int.map(JSONValue.int) ?? .string(scalar.string)
            case "tag:yaml.org,2002:float": self = node.float.map(JSONValue.double) ?? .string(scalar.string)
            default: self = .string(scalar.string)
            }
        case .sequence(let sequence):
            var elements: [JSONValue] = []
            for element in sequence { elements.append(try JSONValue(element, depth: depth + 1, room: &room)) }
            self = .array(elements)
        case .mapping(let mapping):
            var members: [String: JSONValue] = [:]
            for (key, value) in mapping { members[key.string ?? ""] = try JSONValue(value, depth: depth + 1, room: &room) }
            self = .object(members)
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
