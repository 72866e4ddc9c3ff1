import HTTPTypes
import Hummingbird
import KubeAPI
import NIOCore

extension Response {
    /// A JSON or YAML document.
    static func document(
        _ value: JSONValue, _ form: ResponseForm, status: HTTPResponse.Status = .ok, warnings: [String] = []
    ) throws(APIError) -> Response {
        switch form.encoding {
        case .json:
            let bytes = value.serialized(sortedKeys: form.isPretty, indent: form.isPretty ? 2 : nil)
            return .bytes(bytes, "application/json", status: status, warnings: warnings)
        case .yaml:
            return .bytes(Array(try value.yaml().utf8), "application/yaml", status: status, warnings: warnings)
        }
    }

    static func bytes(
        _ bytes: some Sequence<UInt8>, _ type: String, status: HTTPResponse.Status = .ok, warnings: [String] = []
    ) -> Response {
        var headers: HTTPFields = [.contentType: type, .cacheControl: "no-cache, private"]
        for warning in warnings { headers.append(HTTPField(name: .warning, value: Self.warningValue(warning))) }
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    /// Code 299, no agent. Source: RFC 7234 section 5.5.
    private static func warningValue(_ text: String) -> String {
        "299 - \"\(text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: " "))\""
    }

    static func failure(_ error: APIError) -> Response {
        var status: JSONValue = [
            "apiVersion": "v1", "kind": "Status", "metadata": [:], "status": .string(error.status.status),
            "message": .string(error.status.message), "reason": .string(error.status.reason), "code": .int(error.status.code),
        ]
        if let details = error.status.details, let value = try? JSONValue(encoding: details) {  // strings and integers always encode
            status["details"] = value
        }
        var response = Response.bytes(status.serialized(), "application/json", status: .init(code: error.status.code))
        if let seconds = error.status.details?.retryAfterSeconds, seconds > 0 {
            response.headers[.retryAfter] = "\(seconds)"
        }
        return response
    }
}

extension HTTPField.Name {
    // Constant and well formed, so the failable initialiser cannot fail; both names are registered header fields.
    static let warning = HTTPField.Name("Warning")!
}
