import HTTPTypes
import Hummingbird
import KubeAPI

/// Questions that are asked by creating an object, and answered in its status.
struct ReviewHandler: Sendable {
    let authenticator: Authenticator

    func respond(to request: APIRequest, _ path: RequestPath) async throws(APIError) -> Response {
        guard request.method == .post, path.name.isEmpty else { throw .methodNotAllowed }
        var reader = try BodyReader(mode: request.query["fieldValidation"])
        let (value, duplicates) = try await request.document()
        var review = try reader.object(value, duplicates: duplicates, path.resource.apiVersion, path.resource.kind)
        if review["metadata"] == nil { review["metadata"] = [:] }
        review["status"] = switch path.resource {
        case ResourceCatalog.tokenReviews: token(review["spec"] ?? [:])
        case ResourceCatalog.selfSubjectReviews: ["userInfo": info(request.user)]
        case ResourceCatalog.subjectAccessReviews: access(user(in: review["spec"] ?? [:]))
        default: access(request.user)
        }
        return try .document(review, try request.form(), status: .created, warnings: reader.warnings)
    }

    private func token(_ spec: JSONValue) -> JSONValue {
        let audiences = (spec["audiences"]?.array ?? []).compactMap(\.string)
        guard let user = authenticator.user(ofToken: spec["token"]?.string ?? "", audiences: audiences) else {
            return ["authenticated": false, "error": "the token is not valid"]
        }
        var info = info(user.info)
        if user.extra != [:] { info["extra"] = user.extra }
        return ["authenticated": true, "user": info, "audiences": .array(user.audiences.map(JSONValue.string))]
    }

    private func user(in spec: JSONValue) -> UserInfo {
        UserInfo(
            name: spec["user"]?.string ?? "", uid: spec["uid"]?.string ?? "", groups: (spec["groups"]?.array ?? []).compactMap(\.string))
    }

    private func access(_ user: UserInfo) -> JSONValue {
        Authorizer.allows(user)
            ? ["allowed": true, "reason": "the user is an administrator or a node"]
            : ["allowed": false, "reason": "only administrators and nodes have access"]
    }

    private func info(_ user: UserInfo) -> JSONValue {
        var info: JSONValue = ["username": .string(user.name), "groups": .array(user.groups.map(JSONValue.string))]
        if !user.uid.isEmpty { info["uid"] = .string(user.uid) }
        return info
    }
}
