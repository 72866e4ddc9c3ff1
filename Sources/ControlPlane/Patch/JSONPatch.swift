import KubeAPI

/// RFC 6902.
struct JSONPatch {
    private let operations: [JSONValue]

    init(_ document: JSONValue) throws(APIError) {
        guard let operations = document.array else {
            throw .badRequest("json: cannot unmarshal \(document.typeName) into Go value of type jsonpatch.Patch")
        }
        guard operations.count <= 10_000 else {
            throw APIError(
                code: 413, reason: "RequestEntityTooLarge",
                message: "The allowed maximum operations in a JSON patch is 10000, got \(operations.count)")
        }
        self.operations = operations
    }

    func apply(to document: JSONValue) throws(APIError) -> JSONValue {
        var document = document
        for operation in operations { try apply(operation, to: &document) }
        return document
    }

    private func apply(_ operation: JSONValue, to document: inout JSONValue) throws(APIError) {
        let path = try pointer(operation["path"])
        switch operation["op"]?.string {
        case "add": try Self.add(try value(of: operation), at: path[...], in: &document)
        case "remove": try Self.edit(at: path, in: &document) { _ in nil }
        case "replace":
            let new = try value(of: operation)
            try Self.edit(at: path, in: &document) { _ in new }
        case "move":
            let from = try pointer(operation["from"])
            let moved = try Self.value(at: from, in: document)
            try Self.edit(at: from, in: &document) { _ in nil }
            try Self.add(moved, at: path[...], in: &document)
        case "copy": try Self.add(try Self.value(at: try pointer(operation["from"]), in: document), at: path[...], in: &document)
        case "test":
            let found: JSONValue
            do throws(APIError) {
                found = try Self.value(at: path, in: document)
            } catch {
                found = .null
            }
            guard found == operation["value"] ?? .null else {
                throw Self.failure("testing value \(operation["path"]?.string ?? "") failed: test failed")
            }
        default: throw Self.failure("unexpected kind: \(operation["op"]?.string ?? "unknown")")
        }
    }

    private func value(of operation: JSONValue) throws(APIError) -> JSONValue {
        guard let value = operation["value"] else { throw Self.failure("\(operation["op"]?.string ?? "") operation does not have a value") }
        return value
    }

    private static func failure(_ message: String) -> APIError {
        APIError(code: 422, reason: "Invalid", message: "the server rejected our request due to an error in our request: \(message)")
    }

    /// RFC 6901.
    private func pointer(_ text: JSONValue?) throws(APIError) -> [String] {
        guard let text = text?.string, text.isEmpty || text.hasPrefix("/") else { throw Self.failure("operation has no valid path") }
        return text.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map { part in
            // `~1` first: `~01` stands for `~1`.
            String(part).replacing("~1", with: "/").replacing("~0", with: "~")
        }
    }

    private static func value(at path: [String], in document: JSONValue) throws(APIError) -> JSONValue {
        var value = document
        for key in path {
            let next: JSONValue? = value.array == nil ? value[key] : Int(key).flatMap { value[$0] }
            guard let next else { throw missing(path) }
            value = next
        }
        return value
    }

    private static func missing(_ path: [String]) -> APIError { failure("doc is missing path: /\(path.joined(separator: "/")): missing value") }

    private static func add(_ new: JSONValue, at path: ArraySlice<String>, in document: inout JSONValue) throws(APIError) {
        guard let last = path.last else {
            document = new
            return
        }
        try edit(at: Array(path.dropLast()), in: &document) { parent throws(APIError) in
            switch parent {
            case .object(var members):
                members[last] = new
                return .object(members)
            case .array(var elements):
                guard let index = last == "-" ? elements.count : Int(last), (0...elements.count).contains(index) else {
                    throw failure("add operation does not apply: array index \(last) is out of bounds")
                }
                elements.insert(new, at: index)
                return .array(elements)
            default: throw missing(Array(path))
            }
        }
    }

    /// Puts what `change` returns in place of the value at `path`, which must exist; nil removes it.
    private static func edit(
        at path: [String], in document: inout JSONValue, _ change: (JSONValue) throws(APIError) -> JSONValue?
    ) throws(APIError) {
        guard let first = path.first else {
            document = try change(document) ?? .null
            return
        }
        let rest = Array(path.dropFirst())
        switch document {
        case .object(var members):
            guard var member = members[first] else { throw missing(path) }
            document = .null
            defer { document = .object(members) }
            if rest.isEmpty {
                members[first] = try change(member)
            } else {
                try edit(at: rest, in: &member, change)
                members[first] = member
            }
        case .array(var elements):
            guard let index = Int(first), elements.indices.contains(index) else { throw missing(path) }
            if rest.isEmpty {
                if let new = try change(elements[index]) { elements[index] = new } else { elements.remove(at: index) }
            } else {
                try edit(at: rest, in: &elements[index], change)
            }
            document = .array(elements)
        default: throw missing(path)
        }
    }
}
