import AsyncHTTPClient
import Dispatch
import FoundationEssentials
package import KubeAPI
package import LinuxSystem
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Networking

/// What one execution of a probe or hook found.
package enum ProbeResult: Hashable, Sendable {
    case passed
    case failed(String)

    package var hasPassed: Bool { self == .passed }
}

/// Runs the probes that go over the network; those that run a program in a container are the pod worker's.
/// Source: Kubernetes, "Configure Liveness, Readiness and Startup Probes".
package final class ProbeRunner: Sendable {
    private let sockets: ProbeSockets
    /// For what a plain connection cannot do: TLS, names.
    private let http: HTTPClient

    /// - Throws: when the process has run out of descriptors.
    package init() throws(SystemCallError) {
        sockets = try ProbeSockets()
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.certificateVerification = .none  // a probe asks whether it answers, not who it is
        var configuration = HTTPClient.Configuration(tlsConfiguration: tls, redirectConfiguration: .disallow)
        configuration.maximumUsesPerConnection = 1  // a kept connection would only prove the past
        configuration.httpVersion = .http1Only
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 64
        http = HTTPClient(eventLoopGroup: MultiThreadedEventLoopGroup.singleton, configuration: configuration)
    }

    package func shutDown() async throws { try await http.shutdown() }

    deinit {
        // For a start that failed half way, where nobody shuts it down; a second time is refused, which is fine.
        http.shutdown { _ in }
    }

    /// - Parameter ports: named ports of the container.
    package func get(_ action: HTTPGetAction, podIP: String, ports: [ContainerPort], timeout: Duration) async -> ProbeResult {
        guard let port = action.port.number(among: ports) else { return .failed("no port named \"\(action.port)\"") }
        let host = action.host.isEmpty ? podIP : action.host
        let scheme = action.scheme.lowercased() == "https" ? "https" : "http"
        let path = action.path.hasPrefix("/") ? action.path : "/\(action.path)"
        let url = "\(scheme)://\(host.contains(":") ? "[\(host)]" : host):\(port)\(path)"
        if scheme == "http", let request = ProbeRequest(host: host, port: port, path: path, headers: action.httpHeaders) {
            switch await sockets.ask(request.address, port: request.port, request: request.bytes, timeout: timeout) {
            case .status(let code): return Self.judged(code)
            case .timedOut: return Self.late(url)
            case .connected: return .failed("Get \"\(url)\": no answer")
            case .failed(let cause): return .failed("Get \"\(url)\": \(cause.hasPrefix("connect") ? "dial tcp \(host):\(port): " : "")\(cause)")
            }
        }
        var request = HTTPClientRequest(url: url)
        request.headers.add(name: "user-agent", value: "kube-probe/1.36")
        request.headers.add(name: "accept", value: "*/*")
        request.headers.add(name: "connection", value: "close")
        for header in action.httpHeaders { request.headers.replaceOrAdd(name: header.name, value: header.value) }
        do {
            let response = try await http.execute(request, timeout: TimeAmount(timeout))
            return Self.judged(Int(response.status.code))
        } catch let error as HTTPClientError where error == .deadlineExceeded || error == .connectTimeout || error == .readTimeout {
            return Self.late(url)
        } catch {
            return .failed("Get \"\(url)\": \(Self.cause(of: error))")
        }
    }

    /// Redirects count as success: the server answers.
    private static func judged(_ code: Int) -> ProbeResult {
        (200..<400).contains(code) ? .passed : .failed("HTTP probe failed with statuscode: \(code)")
    }

    private static func late(_ url: String) -> ProbeResult {
        .failed("Get \"\(url)\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)")
    }

    package func connect(_ action: TCPSocketAction, podIP: String, ports: [ContainerPort], timeout: Duration) async -> ProbeResult {
        guard let port = action.port.number(among: ports) else { return .failed("no port named \"\(action.port)\"") }
        let host = action.host.isEmpty ? podIP : action.host
        if let address = IPAddress(host), let number = UInt16(exactly: port) {
            switch await sockets.ask(address, port: number, request: nil, timeout: timeout) {
            case .connected, .status: return .passed
            case .timedOut: return .failed("dial tcp \(host):\(port): i/o timeout")
            case .failed(let cause): return .failed("dial tcp \(host):\(port): \(cause)")
            }
        }
        do {
            let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connectTimeout(TimeAmount(timeout)).connect(host: host, port: port).get()
            try await channel.close()
            return .passed
        } catch {
            return .failed("dial tcp \(host):\(port): \(Self.cause(of: error))")
        }
    }

    /// What the system said of a connection, without the layers it came through.
    private static func cause(of error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError:
            error.connectionErrors.first.map { cause(of: $0.error) } ?? "no address for \(error.host)"
        case let error as IOError: "connect: \(SystemCallError.text(of: error.errnoCode).lowercased())"
        default: "\(error)"
        }
    }
}

extension IntOrString {
    func number(among ports: [ContainerPort]) -> Int? {
        switch self {
        case .int(let number): number
        case .string(let name): ports.first { $0.name == name }?.containerPort ?? Int(name)
        }
    }
}
