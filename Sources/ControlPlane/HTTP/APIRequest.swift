import FoundationEssentials
import HTTPTypes
import Hummingbird
import HTTPServing
import KubeAPI
import NIOCore

/// One request to the API, taken apart.
struct APIRequest: Sendable {
    let request: Request
    let method: HTTPRequest.Method
    /// Percent-decoded, without empty ones.
    let segments: [String]
    let query: RequestQuery
    let user: UserInfo

    /// Bytes. Source: apiserver `MaxRequestBodyBytes`.
    static let maximumBodySize = 3 << 20

    init(_ request: Request, user: UserInfo) {
        self.request = request
        self.user = user
        method = request.method
        segments = request.uri.path.split(separator: "/").map { RequestQuery.decode($0, plusIsSpace: false) }
        query = RequestQuery(request.uri.query ?? "")
    }

    func header(_ name: HTTPField.Name) -> String { request.headers[name] ?? "" }

    func form() throws(APIError) -> ResponseForm {
        let pretty = query["pretty"].isEmpty ? false : query.flag("pretty")
        return try ResponseForm(accepting: header(.accept), isPretty: pretty)
    }

    /// Defaults to the program's name, as in `kubectl/v1.37.0 (linux/amd64)`.
    var fieldManager: String {
        let given = query["fieldManager"]
        if !given.isEmpty { return given }
        let agent = header(.userAgent).prefix { $0 != "/" && $0 != " " }
        return agent.isEmpty ? "unknown" : String(agent)
    }

    func writeOptions() throws(APIError) -> WriteOptions {
        var options = WriteOptions()
        options.isDryRun = try isDryRun()
        options.fieldManager = fieldManager
        options.user = user
        return options
    }

    func isDryRun() throws(APIError) -> Bool {
        let values = query.all("dryRun").filter { !$0.isEmpty }
        if let odd = values.first(where: { $0 != "All" }) {
            throw APIError(
                code: 422, reason: "Invalid",
                message: "PatchOptions.meta.k8s.io \"\" is invalid: dryRun: Unsupported value: \"\(odd)\": supported values: \"All\"")
        }
        return !values.isEmpty
    }

    func body() async throws(APIError) -> [UInt8] {
        do {
            let buffer = try await request.body.collect(upTo: Self.maximumBodySize)
            return Array(buffer.readableBytesView)
        } catch is NIOTooManyBytesError {
            throw APIError(
                code: 413, reason: "RequestEntityTooLarge", message: "Request entity too large: limit is \(Self.maximumBodySize)")
        } catch {
            throw .badRequest("the request body did not arrive: \(error)")
        }
    }

    /// The body by its content type, with the paths of duplicate keys.
    func document() async throws(APIError) -> (value: JSONValue, duplicates: [String]) { try document(in: await body()) }

    /// Nil when the client sends no body.
    func optionalDocument() async throws(APIError) -> JSONValue? {
        let bytes = try await body()
        return bytes.isEmpty ? nil : try document(in: bytes).value
    }

    private func document(in bytes: [UInt8]) throws(APIError) -> (value: JSONValue, duplicates: [String]) {
        let type = header(.contentType).isEmpty ? "application/json" : MediaType(header(.contentType)[...]).type
        // Reading YAML or protobuf may take time and memory out of proportion to the bytes (aliases of aliases, long lists): not
        // for a service account that may only ask who it is.
        guard type.hasSuffix("json") || Authorizer.allows(user) else { throw .unsupportedMediaType(["application/json"]) }
        switch type {
        case "application/json", "application/json-patch+json", "application/merge-patch+json", "application/strategic-merge-patch+json":
            return try Self.json(bytes)
        case "application/yaml", "application/apply-patch+yaml":
            // JSON is YAML, and faster to read as what it is.
            if bytes.first(where: { $0 > 0x20 }) == UInt8(ascii: "{") { return try Self.json(bytes) }
            return (try JSONValue(parsingYAML: String(decoding: bytes, as: UTF8.self)), [])
        case "application/vnd.kubernetes.protobuf": return (try ProtobufDocument().decode(bytes), [])
        default: throw .unsupportedMediaType(ResponseForm.supported)
        }
    }

    private static func json(_ bytes: [UInt8]) throws(APIError) -> (value: JSONValue, duplicates: [String]) {
        do throws(JSONError) {
            return try JSONValue.parse(bytes)
        } catch {
            throw .badRequest("couldn't get version/kind; json parse error: \(error)")
        }
    }
}
