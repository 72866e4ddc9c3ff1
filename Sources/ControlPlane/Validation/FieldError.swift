package import KubeAPI

/// Where a value stands in an object: `spec.containers[0].image`. Source: apimachinery `util/validation/field`.
package struct FieldPath: Hashable, Sendable, CustomStringConvertible {
    package let description: String
    package init(_ text: String) { description = text }

    package func child(_ name: String) -> FieldPath { FieldPath(description.isEmpty ? name : "\(description).\(name)") }
    package func index(_ index: Int) -> FieldPath { FieldPath("\(description)[\(index)]") }
    package func key(_ key: String) -> FieldPath { FieldPath("\(description)[\(key)]") }
}

/// One thing wrong with one field, in the words `kubectl` users know.
package struct FieldError: Hashable, Sendable, CustomStringConvertible {
    package enum Problem: Hashable, Sendable {
        case required(String = "")
        case invalid(JSONValue, String)
        case duplicate(JSONValue)
        case forbidden(String)
        case notSupported(String, [String])
        case tooLong(bytes: Int)
        case tooMany(Int, limit: Int)
        case notFound(JSONValue)
    }

    package let field: FieldPath
    package let problem: Problem

    package init(_ field: FieldPath, _ problem: Problem) {
        self.field = field
        self.problem = problem
    }

    package var description: String { "\(field): \(message)" }

    /// What is wrong, without the path.
    package var message: String {
        switch problem {
        case .required(let detail): detail.isEmpty ? "Required value" : "Required value: \(detail)"
        case .invalid(let value, let detail): "Invalid value: \(Self.shown(value))" + (detail.isEmpty ? "" : ": \(detail)")
        case .duplicate(let value): "Duplicate value: \(Self.shown(value))"
        case .forbidden(let detail): "Forbidden: \(detail)"
        case .notSupported(let value, let allowed):
            "Unsupported value: \(Self.quoted(value)): supported values: \(allowed.map(Self.quoted).joined(separator: ", "))"
        case .tooLong(let bytes): "Too long: may not be more than \(bytes) bytes"
        case .tooMany(let count, let limit): "Too many: \(count): must have at most \(limit) items"
        case .notFound(let value): "Not found: \(Self.shown(value))"
        }
    }

    /// The machine-readable reason of a `StatusCause`.
    package var reason: String {
        switch problem {
        case .required: "FieldValueRequired"
        case .invalid: "FieldValueInvalid"
        case .duplicate: "FieldValueDuplicate"
        case .forbidden: "FieldValueForbidden"
        case .notSupported: "FieldValueNotSupported"
        case .tooLong: "FieldValueTooLong"
        case .tooMany: "FieldValueTooMany"
        case .notFound: "FieldValueNotFound"
        }
    }

    static func shown(_ value: JSONValue) -> String {
        if let text = value.string { return quoted(text) }
        return String(decoding: value.serialized(), as: UTF8.self)
    }

    static func quoted(_ text: String) -> String {
        "\"\(text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n"))\""
    }
}

extension APIError {
    /// The 422 answer to an object with `errors`, of which there is at least one.
    static func invalid(_ resource: Resource, _ name: String, _ errors: [FieldError]) -> APIError {
        invalid(resource, name, errors.map { StatusCause(reason: $0.reason, message: $0.message, field: $0.field.description) })
    }
}

/// Collects what is wrong while an object is walked.
struct Findings {
    private(set) var errors: [FieldError] = []

    mutating func add(_ field: FieldPath, _ problem: FieldError.Problem) { errors.append(FieldError(field, problem)) }

    mutating func require(_ text: String, at field: FieldPath) {
        if text.isEmpty { add(field, .required()) }
    }

    /// `rule` names what is wrong with the text, nothing when it is fine.
    mutating func check(_ text: String, at field: FieldPath, _ rule: (String) -> [String]) {
        for detail in rule(text) { add(field, .invalid(.string(text), detail)) }
    }

    mutating func oneOf(_ text: String, _ allowed: [String], at field: FieldPath) {
        if !allowed.contains(text) { add(field, .notSupported(text, allowed)) }
    }

    mutating func nonNegative(_ number: Int?, at field: FieldPath) {
        if let number, number < 0 { add(field, .invalid(.int(number), "must be greater than or equal to 0")) }
    }

    mutating func positive(_ number: Int, at field: FieldPath) {
        if number <= 0 { add(field, .invalid(.int(number), "must be greater than 0")) }
    }

    mutating func unchanged(_ new: JSONValue?, _ old: JSONValue?, at field: FieldPath) {
        let (new, old) = (new ?? .null, old ?? .null)
        if new != old { add(field, .invalid(new, "field is immutable")) }
    }
}
