import KubeAPI
import NIOCore
import NIOHPACK
import NIOHTTP2
import NIOPosix

/// One gRPC health check: a connection of its own, HTTP/2 without TLS, one call.
/// Source: Kubernetes, "Define a gRPC liveness probe".
struct GRPCProbe: Sendable {
    let host: String
    let port: Int
    let service: String
    let timeout: Duration

    /// A health response is a few bytes.
    private static let maximumBody = 4096

    private var address: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    func run() async -> ProbeResult {
        let outcome = await withTaskGroup(of: ProbeResult?.self) { group in
            group.addTask { await call() }
            group.addTask {
                // Cut short by the answer.
                do { try await Task.sleep(for: timeout) } catch { return nil }
                return .failed("timeout: health rpc did not complete within \(timeout)")
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
        return outcome ?? .failed("timeout: health rpc did not complete within \(timeout)")
    }

    private typealias Stream = NIOAsyncChannel<HTTP2Frame.FramePayload, HTTP2Frame.FramePayload>

    private func call() async -> ProbeResult {
        let connection: (channel: any Channel, streams: NIOHTTP2Handler.AsyncStreamMultiplexer<Void>)
        do {
            connection = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connectTimeout(TimeAmount(timeout))
                .connect(host: host, port: port) { channel in
                    channel.configureAsyncHTTP2Pipeline(mode: .client) { $0.eventLoop.makeSucceededVoidFuture() }.map { (channel, $0) }
                }
        } catch {
            return .failed("error: failed to connect service at \"\(address)\": \(ProbeRunner.cause(of: error))")
        }
        let result: ProbeResult
        do {
            let stream = try await connection.streams.openStream { channel in
                channel.eventLoop.makeCompletedFuture { try Stream(wrappingChannelSynchronously: channel) }
            }
            result = GRPCHealth.result(of: try await ask(stream))
        } catch {
            result = .failed("error: health rpc probe failed: rpc error: code = Unavailable desc = \(ProbeRunner.cause(of: error))")
        }
        connection.channel.close(promise: nil)
        return result
    }

    private func ask(_ stream: Stream) async throws -> GRPCHealth.Answer {
        try await stream.executeThenClose { inbound, outbound in
            try await outbound.write(.headers(.init(headers: headers)))
            let request = ByteBuffer(bytes: GRPCHealth.request(service: service))
            try await outbound.write(.data(.init(data: .byteBuffer(request), endStream: true)))
            var answer = GRPCHealth.Answer()
            for try await payload in inbound {
                switch payload {
                case .headers(let block):
                    if let status = block.headers.first(name: ":status").flatMap(Int.init) { answer.httpStatus = status }
                    answer.code = block.headers.first(name: "grpc-status").flatMap(Int.init) ?? answer.code
                    answer.message = block.headers.first(name: "grpc-message") ?? answer.message
                    if block.endStream { return answer }
                case .data(let block):
                    guard case .byteBuffer(let bytes) = block.data else { continue }
                    answer.body += bytes.readableBytesView
                    if block.endStream || answer.body.count > Self.maximumBody { return answer }
                default: continue
                }
            }
            return answer
        }
    }

    private var headers: HPACKHeaders {
        let (seconds, attoseconds) = timeout.components
        return [
            ":method": "POST", ":scheme": "http", ":path": GRPCHealth.path, ":authority": address, "te": "trailers",
            "content-type": "application/grpc", "user-agent": "kube-probe/1.36",
            "grpc-timeout": "\(seconds * 1000 + attoseconds / 1_000_000_000_000_000)m",
        ]
    }
}
