import Crypto
import HTTPTypes
import Hummingbird
import KubeAPI

/// `/openapi/v2` and `/openapi/v3`.
enum OpenAPIPages {
    static func response(to request: APIRequest) throws(APIError) -> Response {
        guard request.method == .get || request.method == .head else { throw .methodNotAllowed }
        let rest = request.segments.dropFirst()
        switch rest.first {
        case "v2" where rest.count == 1:
            if request.header(.ifNoneMatch) == etag { return Response(status: .notModified, headers: [.eTag: etag]) }
            return try version2(request)
        case "v3" where rest.count == 1:
            var paths: JSONValue = [:]
            for version in versions.map(path(of:)) {
                paths[version] = ["serverRelativeURL": .string("/openapi/v3/\(version)?hash=\(fingerprint)")]
            }
            return .bytes(JSONValue.object(["paths": paths]).serialized(sortedKeys: true), "application/json")
        case "v3":
            let path = rest.dropFirst().joined(separator: "/")
            guard let version = versions.first(where: { self.path(of: $0) == path }) else { throw .noSuchPath }
            let document = OpenAPIDocument(dialect: .v3).document(of: version)
            var response = Response.bytes(document.serialized(), "application/json")
            response.headers[.eTag] = etag
            return response
        default: throw .noSuchPath
        }
    }

    private static func version2(_ request: APIRequest) throws(APIError) -> Response {
        var response: Response
        let accepted = MediaType.list(request.header(.accept))
        let form = accepted.first { type in
            type.type.hasPrefix("application/com.github.") || ["application/json", "application/*", "*/*"].contains(type.type)
        }
        guard accepted.isEmpty || form != nil else { throw .notAcceptable(["application/json", protobuf]) }
        if let form, form.type.hasPrefix("application/com.github.") {
            response = .bytes(protobufDocument, protobuf)
        } else {
            response = .bytes(OpenAPIDocument(dialect: .v2).document().serialized(), "application/json")
        }
        response.headers[.eTag] = etag
        return response
    }

    private static let protobuf = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
    /// Old clients ask for it with each apply.
    private static let protobufDocument = OpenAPIProtobuf.encode(OpenAPIDocument(dialect: .v2).document())

    private static let versions = Array(Set(ResourceCatalog.all.map(\.apiVersion)))
    private static func path(of apiVersion: String) -> String { (apiVersion.contains("/") ? "apis/" : "api/") + apiVersion }

    /// Changes with the schema, so that clients may keep what they have.
    private static let fingerprint: String = {
        var hash = SHA256()
        for text in SchemaText.all { hash.update(data: Array(text.utf8)) }
        for resource in ResourceCatalog.all { hash.update(data: Array("\(resource.apiVersion)/\(resource.plural)".utf8)) }
        return hash.finalize().prefix(16).map { ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true) }.joined()
    }()
    private static let etag = "\"\(fingerprint)\""
}
