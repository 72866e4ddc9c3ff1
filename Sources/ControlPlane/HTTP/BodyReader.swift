import KubeAPI

/// Turns a request's document into an object of the resource: apiVersion and kind, types, unknown and duplicate fields.
struct BodyReader {
    enum FieldValidation: String { case strict = "Strict", warn = "Warn", ignore = "Ignore" }

    let mode: FieldValidation
    private(set) var warnings: [String] = []

    /// - Parameter mode: the `fieldValidation` of the query; empty for the default, `Warn`.
    init(mode: String) throws(APIError) {
        guard let mode = mode.isEmpty ? .warn : FieldValidation(rawValue: mode) else {
            throw .badRequest("fieldValidation: Unsupported value: \"\(mode)\": supported values: \"Ignore\", \"Strict\", \"Warn\"")
        }
        self.mode = mode
    }

    /// The body of a create or update.
    mutating func object(_ value: JSONValue, duplicates: [String], _ apiVersion: String, _ kind: String) throws(APIError) -> JSONValue {
        guard case .object = value else {
            throw .badRequest("couldn't get version/kind; json parse error: the body is not an object but a \(value.typeName)")
        }
        var value = value
        if let own = value["apiVersion"]?.string, !own.isEmpty, own != apiVersion {
            throw .badRequest("the API version in the data (\(own)) does not match the expected API version (\(apiVersion))")
        }
        if let own = value["kind"]?.string, !own.isEmpty, own != kind {
            throw Self.unhandled(apiVersion, own, as: kind, "converting (\(own)) to (\(kind)): unknown conversion")
        }
        value["apiVersion"] = .string(apiVersion)
        value["kind"] = .string(kind)
        return try typed(value, duplicates: duplicates, apiVersion, kind)
    }

    /// Checks every field against the schema.
    mutating func typed(_ value: JSONValue, duplicates: [String] = [], _ apiVersion: String, _ kind: String) throws(APIError) -> JSONValue {
        guard let type = Schema.current.type(apiVersion: apiVersion, kind: kind) else { return value }
        var decoder = SchemaDecoder()
        let result: JSONValue
        do throws(SchemaDecoder.Mismatch) {
            result = try decoder.decode(value, as: type)
        } catch {
            throw Self.unhandled(apiVersion, kind, as: kind, error.message)
        }
        try note(duplicates.map { "duplicate field \"\($0)\"" } + decoder.unknownFields.sorted().map { "unknown field \"\($0)\"" }, kind, apiVersion)
        return result
    }

    private mutating func note(_ complaints: [String], _ kind: String, _ apiVersion: String) throws(APIError) {
        switch mode {
        case .ignore: return
        case .warn: warnings += complaints
        case .strict:
            guard !complaints.isEmpty else { return }
            throw Self.unhandled(apiVersion, kind, as: kind, "strict decoding error: \(complaints.joined(separator: ", "))")
        }
    }

    private static func unhandled(_ apiVersion: String, _ found: String, as kind: String, _ why: String) -> APIError {
        .badRequest("\(found) in version \"\(apiVersion.split(separator: "/").last ?? "")\" cannot be handled as a \(kind): \(why)")
    }
}
