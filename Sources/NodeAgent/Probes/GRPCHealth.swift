import FoundationEssentials
import NIOCore

/// The two messages of `grpc.health.v1.Health/Check`, and what an answer means for a probe, in kubelet's words.
/// Source: gRPC, "Health Checking Protocol" and "gRPC over HTTP2"; protobuf.dev, "Encoding".
enum GRPCHealth {
    static let path = "/grpc.health.v1.Health/Check"

    /// What came back of one call.
    struct Answer: Hashable {
        /// 0 when there was none.
        var httpStatus = 0
        /// Nil when the stream ended without it.
        var code: Int?
        /// As it travels, percent-encoded.
        var message = ""
        /// The response message behind its five bytes of frame.
        var body: [UInt8] = []
    }

    /// A request in its frame. An empty name asks for the server as a whole.
    static func request(service: String) -> [UInt8] {
        let name = Array(service.utf8)
        let message = name.isEmpty ? [] : [0x0A] + varint(name.count) + name
        return [0] + withUnsafeBytes(of: UInt32(message.count).bigEndian) { Array($0) } + message
    }

    static func result(of answer: Answer) -> ProbeResult {
        guard let code = answer.code else {
            let what = answer.httpStatus == 200 ? "the stream ended without a status" : "unexpected HTTP status code received from server: \(answer.httpStatus)"
            return .failed("error: health rpc probe failed: \(what)")
        }
        let message = percentDecoded(answer.message)
        switch code {
        case 0: break
        case 12:
            return .failed("error: this server does not implement the grpc health protocol (grpc.health.v1.Health): \(message)")
        default:
            let name = codeNames.indices.contains(code) ? codeNames[code] : "Code(\(code))"
            return .failed("error: health rpc probe failed: rpc error: code = \(name) desc = \(message)")
        }
        guard let status = status(in: answer.body) else {
            return .failed("error: health rpc probe failed: the answer is not a HealthCheckResponse")
        }
        if status == 1 { return .passed }
        let name = statusNames.indices.contains(status) ? statusNames[status] : "\(status)"
        return .failed("service unhealthy (responded with \"\(name)\")")
    }

    private static let statusNames = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"]
    private static let codeNames = [
        "OK", "Canceled", "Unknown", "InvalidArgument", "DeadlineExceeded", "NotFound", "AlreadyExists", "PermissionDenied",
        "ResourceExhausted", "FailedPrecondition", "Aborted", "OutOfRange", "Unimplemented", "Internal", "Unavailable", "DataLoss",
        "Unauthenticated",
    ]

    /// Field 1 of the response, zero when it is left out; nil for what is no such message.
    private static func status(in framed: [UInt8]) -> Int? {
        guard framed.count >= 5, framed[0] == 0 else { return nil }
        let length = framed[1..<5].reduce(0) { $0 << 8 | Int($1) }
        guard framed.count == 5 + length else { return nil }
        var rest = framed[5...]
        var status = 0
        while !rest.isEmpty {
            guard let key = readVarint(&rest) else { return nil }
            switch key & 7 {
            case 0:
                guard let value = readVarint(&rest) else { return nil }
                if key >> 3 == 1 { status = Int(truncatingIfNeeded: value) }
            case 2:
                guard let length = readVarint(&rest), length <= rest.count else { return nil }
                rest = rest.dropFirst(Int(length))
            default: return nil
            }
        }
        return status
    }

    private static func varint(_ number: Int) -> [UInt8] {
        var (rest, bytes) = (number, [UInt8]())
        while rest > 0x7F {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }

    private static func readVarint(_ rest: inout ArraySlice<UInt8>) -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            guard let byte = rest.popFirst() else { return nil }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        return nil
    }

    /// Source: "gRPC over HTTP2", Status-Message.
    private static func percentDecoded(_ text: String) -> String {
        var (rest, bytes) = (text.utf8[...], [UInt8]())
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
