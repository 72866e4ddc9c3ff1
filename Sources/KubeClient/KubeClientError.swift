package import KubeAPI

/// What can go wrong between this node and an API server.
package enum KubeClientError: ActionableError {
    /// A kubeconfig that cannot be used; `field` is a path such as `clusters[prod].server`.
    case configuration(file: String, field: String, problem: String)
    /// The server answered, and the answer is no.
    case refused(Status, request: String)
    /// No answer: name resolution, connection, TLS or a time-out.
    case unreachable(server: String, cause: String)
    /// An answer that is not what the API promises.
    case undecodable(request: String, cause: String)

    package var description: String {
        switch self {
        case .configuration(let file, let field, let problem): "kubeconfig \(file): \(field): \(problem)"
        case .refused(let status, let request): "\(request): \(status.message.isEmpty ? status.reason : status.message)"
        case .unreachable(let server, let cause): "the API server at \(server) does not answer: \(cause)"
        case .undecodable(let request, let cause): "\(request): unexpected answer: \(cause)"
        }
    }

    package var remedy: String? {
        switch self {
        case .configuration(let file, let field, _): "correct \(field) in \(file)"
        case .refused(let status, _) where status.code == 401: "check that the credentials in the kubeconfig are still valid"
        case .unreachable(let server, _): "check that \(server) is reachable from this node"
        case .refused, .undecodable: nil
        }
    }

    /// The server's reason, such as `NotFound`; nil when there was no answer.
    package var reason: String? {
        if case .refused(let status, _) = self { status.reason } else { nil }
    }

    /// The HTTP status; nil when there was no answer.
    package var code: Int? {
        if case .refused(let status, _) = self { status.code } else { nil }
    }

    package var isNotFound: Bool { code == 404 }
    package var isConflict: Bool { reason == "Conflict" }
    package var isAlreadyExists: Bool { reason == "AlreadyExists" }
    package var isForbidden: Bool { code == 403 }
    /// The resource version asked for is no longer in the server's history: list again.
    package var isGone: Bool { code == 410 }

    /// It says nothing about what was asked for: the server, or the way to it, is at its limits, or knows us no longer.
    package var isOutage: Bool {
        switch self {
        case .unreachable: true
        case .refused(let status, _): [401, 429, 502, 503, 504].contains(status.code)
        case .configuration, .undecodable: false
        }
    }

    /// Asking again later may succeed although nothing was changed in between.
    package var isTransient: Bool {
        switch self {
        case .unreachable: true
        case .refused(let status, _): status.code == 429 || status.code >= 500
        case .configuration, .undecodable: false
        }
    }
}
