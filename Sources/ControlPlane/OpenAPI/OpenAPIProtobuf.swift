import KubeAPI

/// A Swagger 2.0 document in the protobuf form that kubectl before 1.27 insists on.
/// Source: gnostic `openapiv2/OpenAPIv2.proto`, whose field numbers these are.
struct OpenAPIProtobuf {
    private var bytes: [UInt8] = []

    /// The message `Document`.
    static func encode(_ document: JSONValue) -> [UInt8] {
        message { writer in
            writer.string(1, document["swagger"])
            writer.message(2) { info in
                info.string(1, document.at("info", "title"))
                info.string(2, document.at("info", "version"))
            }
            writer.message(8) { paths in
                for (path, item) in sorted(document["paths"]) {
                    paths.message(2) { named in
                        named.string(1, .string(path))
                        named.message(2) { writer in pathItem(item, &writer) }
                    }
                }
            }
            writer.message(9) { definitions in namedSchemas(1, document["definitions"], &definitions) }
        }
    }

    private static func sorted(_ value: JSONValue?) -> [(key: String, value: JSONValue)] { (value?.object ?? [:]).sorted { $0.key < $1.key } }

    private static func pathItem(_ item: JSONValue, _ writer: inout OpenAPIProtobuf) {
        for (number, method) in [(2, "get"), (3, "put"), (4, "post"), (5, "delete"), (8, "patch")] {
            guard let operation = item[method] else { continue }
            writer.message(number) { writer in
                for parameter in operation["parameters"]?.array ?? [] { writer.message(8) { item in self.parameter(parameter, &item) } }
                writer.message(9) { responses in
                    for (code, response) in sorted(operation["responses"]) {
                        responses.message(1) { named in
                            named.string(1, .string(code))
                            named.message(2) { value in
                                value.message(1) { writer in
                                    writer.string(1, response["description"])
                                    writer.message(2) { item in item.message(1) { schema(response["schema"] ?? [:], &$0) } }
                                }
                            }
                        }
                    }
                }
                extensions(13, operation, &writer)
            }
        }
    }

    /// `ParametersItem` holds a `Parameter`, that a body parameter or a non-body one, that a query parameter.
    private static func parameter(_ parameter: JSONValue, _ writer: inout OpenAPIProtobuf) {
        writer.message(1) { writer in
            if parameter["in"]?.string == "body" {
                writer.message(1) { body in
                    body.string(2, parameter["name"])
                    body.string(3, parameter["in"])
                    body.bool(4, parameter["required"])
                    body.message(5) { schema(parameter["schema"] ?? [:], &$0) }
                }
            } else {
                writer.message(2) { nonBody in
                    nonBody.message(3) { query in
                        query.string(2, parameter["in"])
                        query.string(4, parameter["name"])
                        query.string(6, parameter["type"])
                    }
                }
            }
        }
    }

    private static func namedSchemas(_ number: Int, _ schemas: JSONValue?, _ writer: inout OpenAPIProtobuf) {
        for (name, value) in sorted(schemas) {
            writer.message(number) { named in
                named.string(1, .string(name))
                named.message(2) { schema(value, &$0) }
            }
        }
    }

    private static func schema(_ value: JSONValue, _ writer: inout OpenAPIProtobuf) {
        writer.string(1, value["$ref"])
        writer.string(2, value["format"])
        for name in value["required"]?.array ?? [] { writer.string(19, name) }
        if let element = value["additionalProperties"] { writer.message(21) { item in item.message(1) { schema(element, &$0) } } }
        if let type = value["type"] { writer.message(22) { $0.string(1, type) } }
        if let element = value["items"] { writer.message(23) { item in item.message(1) { schema(element, &$0) } } }
        if let properties = value["properties"] { writer.message(25) { namedSchemas(1, properties, &$0) } }
        extensions(31, value, &writer)
    }

    /// `x-…` members as `NamedAny`, their values as YAML; JSON is YAML.
    private static func extensions(_ number: Int, _ value: JSONValue, _ writer: inout OpenAPIProtobuf) {
        for (name, value) in sorted(value) where name.hasPrefix("x-") {
            writer.message(number) { named in
                named.string(1, .string(name))
                named.message(2) { $0.string(2, .string(value.description)) }
            }
        }
    }

    // MARK: Wire format

    private static func message(_ write: (inout OpenAPIProtobuf) -> Void) -> [UInt8] {
        var writer = OpenAPIProtobuf()
        write(&writer)
        return writer.bytes
    }

    private mutating func message(_ number: Int, _ write: (inout OpenAPIProtobuf) -> Void) { append(number, Self.message(write)) }

    private mutating func string(_ number: Int, _ value: JSONValue?) {
        guard let text = value?.string, !text.isEmpty else { return }
        append(number, Array(text.utf8))
    }

    private mutating func bool(_ number: Int, _ value: JSONValue?) {
        guard value?.bool ?? false else { return }
        append(varint: UInt64(number) << 3)
        append(varint: 1)
    }

    private mutating func append(_ number: Int, _ payload: [UInt8]) {
        append(varint: UInt64(number) << 3 | 2)
        append(varint: UInt64(payload.count))
        bytes.append(contentsOf: payload)
    }

    private mutating func append(varint value: UInt64) {
        var value = value
        while value >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
            value >>= 7
        }
        bytes.append(UInt8(value))
    }
}
