import FoundationEssentials
package import HTTPTypes
package import HummingbirdCore
import KubeAPI
import NIOCore

extension Response {
    /// A failed `metav1.Status`, the form in which every Kubernetes client expects an error.
    package static func status(_ code: HTTPResponse.Status, message: String, reason: String) -> Response {
        .json(Status(code: code.code, reason: reason, message: message), status: code)
    }

    package static func json(_ value: some Encodable, status: HTTPResponse.Status = .ok) -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes]
        do {
            let body = ByteBuffer(bytes: try encoder.encode(value))
            return Response(status: status, headers: [.contentType: "application/json"], body: ResponseBody(byteBuffer: body))
        } catch {
            return .text("encoding the answer: \(error)\n", status: .internalServerError)
        }
    }

    package static func text(_ text: String, status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status, headers: [.contentType: "text/plain; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}
