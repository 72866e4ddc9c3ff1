import HTTPServing
import Logging
import NIOCore
import NIOWebSocket

/// Port-forward over WebSocket channels: for the n-th port, channel 2n carries data and 2n+1 errors; the first message on
/// each is the port in little-endian order. Source: Kubernetes `cri-streaming` portforward, v4 channel protocol.
struct WebSocketPortForward: Sendable {
    let ports: [UInt16]
    let dialect: ChannelProtocol
    let forwarder: PortForwarder
    let logger: Logger

    func run(on channel: WebSocketChannel) async throws {
        try await channel.executeThenClose { inbound, outbound in
            try await withThrowingTaskGroup(of: Void.self) { group in
                var writers: [NIOAsyncChannelOutboundWriter<ByteBuffer>?] = []
                for (index, port) in ports.enumerated() {
                    let number = ByteBuffer(integer: port, endianness: .little)
                    try await outbound.write(dialect.frame(number, channel: UInt8(2 * index)))
                    try await outbound.write(dialect.frame(number, channel: UInt8(2 * index + 1)))
                    writers.append(
                        await withCheckedContinuation { continuation in
                            group.addTask { await connect(port: port, index: index, outbound: outbound, opened: continuation) }
                        })
                }
                for try await (number, payload) in WebSocketMessages(frames: inbound, outbound: outbound, dialect: dialect) {
                    guard number % 2 == 0, Int(number / 2) < writers.count else { continue }
                    // A connection that the pod has closed takes no more.
                    try? await writers[Int(number / 2)]?.write(payload)
                }
                group.cancelAll()
            }
        }
    }

    private func connect(
        port: UInt16, index: Int, outbound: NIOAsyncChannelOutboundWriter<WebSocketFrame>,
        opened: CheckedContinuation<NIOAsyncChannelOutboundWriter<ByteBuffer>?, Never>
    ) async {
        let handOver = OneShot(opened)
        do {
            do {
                try await forwarder.forward(port: port, opened: { handOver.resume($0) }) { bytes in
                    try await outbound.write(dialect.frame(bytes, channel: UInt8(2 * index)))
                }
            } catch let failure as NodeServerError {
                try await outbound.write(dialect.frame(ByteBuffer(string: "\(failure)"), channel: UInt8(2 * index + 1)))
            }
        } catch {
            logger.debug("forwarded connection ended", metadata: ["port": "\(port)", "error": "\(error)"])
        }
        handOver.resume(nil)
    }
}
