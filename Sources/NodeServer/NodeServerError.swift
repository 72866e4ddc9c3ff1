import HTTPServing
package import HTTPTypes
import HummingbirdCore
import KubeAPI

/// Why a request to the node API was not served; each becomes one HTTP status.
package enum NodeServerError: ActionableError {
    case notFound(String)
    case badRequest(String)
    /// A valid request with a value that cannot be: 422.
    case invalid(field: String, value: String, rule: String)
    case conflict(String)
    case unauthenticated(String)
    case forbidden(user: String, verb: String, resource: String)
    case failed(String, remedy: String?)

    package var description: String {
        switch self {
        case .notFound(let what), .badRequest(let what), .conflict(let what), .unauthenticated(let what): what
        case .invalid(let field, let value, let rule): "\(field): Invalid value: \"\(value)\": \(rule)"
        case .forbidden(let user, let verb, let resource): "user \"\(user)\" cannot \(verb) \(resource) on this node"
        case .failed(let what, _): what
        }
    }

    package var remedy: String? {
        switch self {
        case .unauthenticated: "present a client certificate of the cluster's CA, or a bearer token"
        case .forbidden: "bind the user to the cluster role system:kubelet-api-admin"
        case .failed(_, let remedy): remedy
        case .notFound, .badRequest, .invalid, .conflict: nil
        }
    }

    package var status: HTTPResponse.Status {
        switch self {
        case .notFound: .notFound
        case .badRequest: .badRequest
        case .invalid: .unprocessableContent
        case .conflict: .conflict
        case .unauthenticated: .unauthorized
        case .forbidden: .forbidden
        case .failed: .internalServerError
        }
    }

    var reason: String {
        switch self {
        case .notFound: "NotFound"
        case .badRequest: "BadRequest"
        case .invalid: "Invalid"
        case .conflict: "Conflict"
        case .unauthenticated: "Unauthorized"
        case .forbidden: "Forbidden"
        case .failed: "InternalError"
        }
    }

    /// The kubelet answers plain text here, and `kubectl` prints it as it is.
    var response: Response { .text("\(lines)\n", status: status) }

    /// To a request to leave HTTP. What is no Status, clients take for YAML if they can, and then have nothing to print.
    var refusal: Response { .status(status, message: lines, reason: reason) }

    private var lines: String { remedy.map { "\(description)\n\($0)" } ?? description }
}
