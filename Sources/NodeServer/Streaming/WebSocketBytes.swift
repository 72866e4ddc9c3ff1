import NIOCore
import NIOWebSocket

/// The binary messages of a WebSocket as one stream of bytes: how SPDY is tunnelled.
struct WebSocketBytes: AsyncSequence, Sendable {
    let frames: NIOAsyncChannelInboundStream<WebSocketFrame>
    let outbound: NIOAsyncChannelOutboundWriter<WebSocketFrame>

    func makeAsyncIterator() -> Iterator { Iterator(frames: frames.makeAsyncIterator(), outbound: outbound) }

    struct Iterator: AsyncIteratorProtocol {
        var frames: NIOAsyncChannelInboundStream<WebSocketFrame>.AsyncIterator
        let outbound: NIOAsyncChannelOutboundWriter<WebSocketFrame>

        mutating func next() async throws -> ByteBuffer? {
            while let frame = try await frames.next() {
                switch frame.opcode {
                case .binary where frame.length > 0: return frame.unmaskedData
                case .ping: try await outbound.write(WebSocketFrame(fin: true, opcode: .pong, data: frame.unmaskedData))
                case .connectionClose: return nil
                default: continue
                }
            }
            return nil
        }
    }
}
