import AsyncHTTPClient
import FoundationEssentials
import KubeAPI
import NIOCore
import NIOHTTP1

/// One httpGet probe: its requests, and which redirects it follows.
/// Source: Kubernetes, "Define a liveness HTTP request"; redirects as kubelet's prober.
struct HTTPProbe: Sendable {
    let url: String
    let headers: [HTTPHeader]

    private static let maximumRedirects = 10
    /// Of an answer, in an event's message. Bytes.
    private static let maximumBody = 10 << 10

    /// - Parameter podIP: asked when the action names no host.
    init(_ action: HTTPGetAction, podIP: String, port: Int) {
        let host = action.host.isEmpty ? podIP : action.host
        let scheme = action.scheme.lowercased() == "https" ? "https" : "http"
        let path = action.path.hasPrefix("/") ? action.path : "/\(action.path)"
        url = "\(scheme)://\(host.contains(":") ? "[\(host)]" : host):\(port)\(path)"
        headers = action.httpHeaders
    }

    func run(_ http: HTTPClient, timeout: Duration) async -> ProbeResult {
        let deadline = NIODeadline.now() + TimeAmount(timeout)
        var (url, keepsHost) = (self.url, true)
        do {
            for _ in 0..<Self.maximumRedirects {
                let response = try await http.execute(request(url, keepsHost: keepsHost), deadline: deadline)
                let code = response.status.code
                guard (300..<400).contains(code) else { return Self.judged(Int(code)) }
                switch Redirect(code: code, location: response.headers.first(name: "location"), from: url) {
                case .followed(let next, let isSameAuthority):
                    url = next
                    keepsHost = keepsHost && isSameAuthority
                case .unusable(let location): return .failed("Get \"\(url)\": failed to parse Location header \"\(location)\"")
                case .ended:
                    let body = try await response.body.collect(upTo: Self.maximumBody)
                    return .warned("Probe terminated redirects, Response body: \(String(buffer: body))")
                }
            }
            return .failed("Get \"\(url)\": stopped after \(Self.maximumRedirects) redirects")
        } catch is NIOTooManyBytesError {
            return .warned("Probe terminated redirects")
        } catch let error as HTTPClientError where error == .deadlineExceeded || error == .connectTimeout || error == .readTimeout {
            return Self.late(url)
        } catch {
            return .failed("Get \"\(url)\": \(ProbeRunner.cause(of: error))")
        }
    }

    /// An answer that is no redirect.
    static func judged(_ code: Int) -> ProbeResult {
        (200..<300).contains(code) ? .passed : .failed("HTTP probe failed with statuscode: \(code)")
    }

    static func late(_ url: String) -> ProbeResult {
        .failed("Get \"\(url)\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)")
    }

    /// The probe's own fields win over ours; one that is there more than once is sent so. An empty Accept sends none.
    private func request(_ url: String, keepsHost: Bool) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: url)
        request.headers.add(name: "connection", value: "close")
        func isGiven(_ name: String) -> Bool { headers.contains { $0.name.lowercased() == name } }
        if !isGiven("user-agent") { request.headers.add(name: "user-agent", value: "kube-probe/1.36") }
        if !isGiven("accept") { request.headers.add(name: "accept", value: "*/*") }
        for header in headers {
            let name = header.name.lowercased()
            if name == "accept" && header.value.isEmpty || name == "host" && !keepsHost { continue }
            request.headers.add(name: header.name, value: header.value)
        }
        return request
    }

    /// What becomes of a 3xx answer.
    enum Redirect: Hashable {
        case followed(url: String, isSameAuthority: Bool)
        /// Another host's word says nothing about this one; and some of these answers send nobody anywhere.
        case ended
        case unusable(location: String)

        init(code: UInt, location: String?, from url: String) {
            guard [301, 302, 303, 307, 308].contains(code), let location, !location.isEmpty else {
                self = .ended
                return
            }
            guard let base = URL(string: url), let next = URL(string: location, relativeTo: base)?.absoluteURL, let host = next.host(),
                ["http", "https"].contains(next.scheme?.lowercased())
            else {
                self = .unusable(location: location)
                return
            }
            guard host.lowercased() == base.host()?.lowercased() else {
                self = .ended
                return
            }
            self = .followed(url: next.absoluteString, isSameAuthority: URL(string: location)?.host() == nil)
        }
    }
}
