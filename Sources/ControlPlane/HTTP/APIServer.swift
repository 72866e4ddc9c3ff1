package import HTTPServing
package import Hummingbird
import HTTPTypes
import KubeAPI
import Logging

/// The Kubernetes API over HTTP: who asks, may they, and which part answers.
package struct APIServer: HTTPResponder {
    package typealias Context = KubeRequestContext

    private let authenticator: Authenticator
    private let resources: ResourceHandler
    private let reviews: ReviewHandler
    private let pods: PodConnections
    private let nodes: any NodeProxy

    package init(api: APIService, tokens: TokenIssuer, nodes: any NodeProxy) {
        self.nodes = nodes
        authenticator = Authenticator(tokens: tokens, api: api)
        resources = ResourceHandler(api: api, tokens: tokens)
        reviews = ReviewHandler(authenticator: authenticator)
        pods = PodConnections(api: api)
    }

    package func respond(to request: Request, context: KubeRequestContext) async throws -> Response {
        do throws(APIError) {
            return try await answer(request, context)
        } catch {
            if error.status.code >= 500 {
                context.logger.error("request failed", metadata: ["path": "\(request.uri.path)", "error": "\(error)"])
            }
            return .failure(error)
        }
    }

    /// Decides on exec, attach and port-forward, which leave HTTP.
    package func upgrade(_ upgrade: UpgradeRequest, _ context: KubeRequestContext) async -> UpgradeDecision {
        do throws(APIError) {
            let request = Request(head: upgrade.head, body: RequestBody(buffer: .init()))
            let user = try authenticator.user(of: request, context)
            let parsed = APIRequest(request, user: user)
            guard let path = RequestPath(parsed.segments) else { throw .noSuchPath }
            try Authorizer.check(user, verb: "create", path.resource, subresource: path.subresource, namespace: path.namespace, name: path.name)
            return await nodes.upgrade(upgrade, to: try pods.nodeRequest(parsed, path), context)
        } catch {
            return .refuse(.failure(error))
        }
    }

    private func answer(_ request: Request, _ context: KubeRequestContext) async throws(APIError) -> Response {
        if let page = PublicPages.response(to: request) { return page }
        let user = try authenticator.user(of: request, context)
        let parsed = APIRequest(request, user: user)
        switch parsed.segments.first {
        case "api" where parsed.segments.count > 2, "apis" where parsed.segments.count > 3: break
        case "api", "apis": return try Discovery.response(to: parsed)
        case "openapi": return try OpenAPIPages.response(to: parsed)
        default: throw .noSuchPath
        }
        guard let path = RequestPath(parsed.segments) else { throw .noSuchPath }
        let verb = Self.verb(parsed, path)
        try Authorizer.check(user, verb: verb, path.resource, subresource: path.subresource, namespace: path.namespace, name: path.name)
        if !path.resource.isStored { return try await reviews.respond(to: parsed, path) }
        switch path.subresource {
        case "log", "exec", "attach", "portforward", "proxy": return await nodes.respond(to: try pods.nodeRequest(parsed, path), context)
        default: return try await resources.respond(to: parsed, path, verb: verb)
        }
    }

    /// Source: apiserver `RequestInfo`.
    private static func verb(_ request: APIRequest, _ path: RequestPath) -> String {
        switch request.method {
        case .get, .head: path.name.isEmpty ? (request.query.flag("watch") ? "watch" : "list") : "get"
        case .post: "create"
        case .put: "update"
        case .patch: "patch"
        case .delete: path.name.isEmpty ? "deletecollection" : "delete"
        default: ""
        }
    }
}
