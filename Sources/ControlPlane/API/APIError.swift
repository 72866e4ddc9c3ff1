package import KubeAPI

/// A request the API refuses, with the `metav1.Status` that says so in Kubernetes' own words.
package struct APIError: ActionableError, Hashable {
    package var status: Status

    package init(_ status: Status) { self.status = status }

    package init(code: Int, reason: String, message: String, details: StatusDetails? = nil) {
        status = Status(code: code, reason: reason, message: message, details: details)
    }

    package var description: String { status.message }
    package var remedy: String? {
        switch status.reason {
        case "Conflict": "read the object again and repeat the change"
        case "Expired", "Gone": "list again, and watch from the list's resourceVersion"
        default: nil
        }
    }
    package var isNotFound: Bool { status.reason == "NotFound" }
    package var isConflict: Bool { status.reason == "Conflict" }
    package var isAlreadyExists: Bool { status.reason == "AlreadyExists" }
}

// The messages are the ones clients compare with. Source: apimachinery `api/errors`.
extension APIError {
    private static func details(_ resource: Resource, _ name: String, causes: [StatusCause] = []) -> StatusDetails {
        StatusDetails(name: name, group: resource.group, kind: resource.plural, causes: causes)
    }

    package static func notFound(_ resource: Resource, _ name: String) -> APIError {
        APIError(code: 404, reason: "NotFound", message: "\(resource.qualifiedName) \"\(name)\" not found", details: details(resource, name))
    }

    package static func alreadyExists(_ resource: Resource, _ name: String) -> APIError {
        APIError(
            code: 409, reason: "AlreadyExists", message: "\(resource.qualifiedName) \"\(name)\" already exists", details: details(resource, name))
    }

    package static func conflict(_ resource: Resource, _ name: String, _ why: String = modified, causes: [StatusCause] = []) -> APIError {
        APIError(
            code: 409, reason: "Conflict", message: "Operation cannot be fulfilled on \(resource.qualifiedName) \"\(name)\": \(why)",
            details: details(resource, name, causes: causes))
    }
    package static let modified = "the object has been modified; please apply your changes to the latest version and try again"

    package static func forbidden(_ resource: Resource, _ name: String, _ why: String) -> APIError {
        let subject = name.isEmpty ? resource.qualifiedName : "\(resource.qualifiedName) \"\(name)\""
        return APIError(code: 403, reason: "Forbidden", message: "\(subject) is forbidden: \(why)", details: details(resource, name))
    }

    /// 422, with one cause a field. The message of each cause is what follows the field in the status message.
    package static func invalid(_ resource: Resource, _ name: String, _ causes: [StatusCause]) -> APIError {
        let kind = resource.group.isEmpty ? resource.kind : "\(resource.kind).\(resource.group)"
        let list = causes.map { $0.field.isEmpty ? $0.message : "\($0.field): \($0.message)" }
        let text = list.count == 1 ? list[0] : "[\(list.joined(separator: ", "))]"
        return APIError(
            code: 422, reason: "Invalid", message: "\(kind) \"\(name)\" is invalid: \(text)",
            details: StatusDetails(name: name, group: resource.group, kind: resource.kind, causes: causes))
    }

    package static func badRequest(_ message: String) -> APIError { APIError(code: 400, reason: "BadRequest", message: message) }

    package static func expired(_ message: String) -> APIError { APIError(code: 410, reason: "Expired", message: message) }

    package static let unauthorized = APIError(code: 401, reason: "Unauthorized", message: "Unauthorized")

    package static func internalError(_ why: String) -> APIError {
        APIError(
            code: 500, reason: "InternalError", message: "Internal error occurred: \(why)",
            details: StatusDetails(causes: [StatusCause(reason: "", message: why)]))
    }

    package static let methodNotAllowed = APIError(
        code: 405, reason: "MethodNotAllowed", message: "the server does not allow this method on the requested resource",
        details: StatusDetails())

    package static let noSuchPath = APIError(
        code: 404, reason: "NotFound", message: "the server could not find the requested resource", details: StatusDetails())

    package static func notAcceptable(_ accepted: [String]) -> APIError {
        APIError(
            code: 406, reason: "NotAcceptable",
            message: "only the following media types are accepted: \(accepted.joined(separator: ", "))")
    }

    package static func unsupportedMediaType(_ accepted: [String]) -> APIError {
        APIError(
            code: 415, reason: "UnsupportedMediaType",
            message: "the body of the request was in an unknown format - accepted media types include: \(accepted.joined(separator: ", "))")
    }

    package static func tooManyRequests(_ message: String, retryAfter seconds: Int) -> APIError {
        var details = StatusDetails()
        details.retryAfterSeconds = seconds
        return APIError(code: 429, reason: "TooManyRequests", message: message, details: details)
    }
}
