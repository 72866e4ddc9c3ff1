import AsyncHTTPClient
import Dispatch
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
    /// Passed, with a remark for the pod's events.
    case warned(String)
    case failed(String)

    package var hasPassed: Bool { if case .failed = self { false } else { true } }
}

/// Runs the probes that go over the network; those that run a program in a container are the pod worker's.
/// Source: Kubernetes, "Configure Liveness, Readiness and Startup Probes".
package final class ProbeRunner: Sendable {
    private let sockets: ProbeSockets
    /// For what a plain connection cannot do: TLS, names, redirects.
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
        let path = action.path.hasPrefix("/") ? action.path : "/\(action.path)"
        let probe = HTTPProbe(action, podIP: podIP, port: port)
        if action.scheme.lowercased() != "https", let request = ProbeRequest(host: host, port: port, path: path, headers: action.httpHeaders) {
            switch await sockets.ask(request.address, port: request.port, request: request.bytes, timeout: timeout) {
            case .status(300..<400): break  // asked once more below, by what can follow
            case .status(let code): return HTTPProbe.judged(code)
            case .timedOut: return HTTPProbe.late(probe.url)
            case .connected: return .failed("Get \"\(probe.url)\": no answer")
            case .failed(let cause): return .failed("Get \"\(probe.url)\": \(cause.hasPrefix("connect") ? "dial tcp \(host):\(port): " : "")\(cause)")
            }
        }
        return await probe.run(http, timeout: timeout)
    }

    package func check(_ action: GRPCAction, podIP: String, timeout: Duration) async -> ProbeResult {
        await GRPCProbe(host: podIP, port: action.port, service: action.service ?? "", timeout: timeout).run()
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
    static func cause(of error: any Error) -> String {
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
