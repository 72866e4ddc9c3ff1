import KubeAPI
import Networking

/// An HTTP probe that needs no more than a plain connection: to a numeric address, without TLS, and with nothing in it that would have
/// to be encoded or refused.
struct ProbeRequest: Hashable {
    let address: IPAddress
    let port: UInt16
    let bytes: [UInt8]

    /// - Parameters:
    ///   - host: of the pod, or the one the probe names.
    ///   - path: begins with a slash.
    ///   - headers: of the probe; they replace the standard ones.
    init?(host: String, port: Int, path: String, headers: [HTTPHeader]) {
        guard let address = IPAddress(host), let port = UInt16(exactly: port), path.utf8.allSatisfy({ (0x21...0x7e).contains($0) && $0 != UInt8(ascii: "#") })
        else { return nil }
        var fields = [
            ("Host", "\(address.isIPv4 ? host : "[\(host)]"):\(port)"), ("User-Agent", "kube-probe/1.36"), ("Accept", "*/*"), ("Connection", "close"),
        ]
        for header in headers {
            guard !header.name.isEmpty, header.name.utf8.allSatisfy({ (0x21...0x7e).contains($0) && $0 != UInt8(ascii: ":") }),
                header.value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 })
            else { return nil }
        }
        fields.removeAll { field in headers.contains { $0.name.lowercased() == field.0.lowercased() } }
        // An empty Accept asks for none; of other names every one is sent.
        fields += headers.filter { $0.name.lowercased() != "accept" || !$0.value.isEmpty }.map { ($0.name, $0.value) }
        self.address = address
        self.port = port
        bytes = Array("GET \(path) HTTP/1.1\r\n\(fields.map { "\($0.0): \($0.1)\r\n" }.joined())\r\n".utf8)
    }
}
