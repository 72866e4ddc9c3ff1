import FoundationEssentials
import NIOCore
import NIOWebSocket

/// The data messages of a WebSocket as (channel number, payload); pings are answered, a close ends the sequence.
struct WebSocketMessages: AsyncSequence, Sendable {
    let frames: NIOAsyncChannelInboundStream<WebSocketFrame>
    let outbound: NIOAsyncChannelOutboundWriter<WebSocketFrame>
    let dialect: ChannelProtocol

    func makeAsyncIterator() -> Iterator { Iterator(frames: frames.makeAsyncIterator(), outbound: outbound, dialect: dialect) }

    struct Iterator: AsyncIteratorProtocol {
        var frames: NIOAsyncChannelInboundStream<WebSocketFrame>.AsyncIterator
        let outbound: NIOAsyncChannelOutboundWriter<WebSocketFrame>
        let dialect: ChannelProtocol

        mutating func next() async throws -> (channel: UInt8, payload: ByteBuffer)? {
            while let frame = try await frames.next() {
                switch frame.opcode {
                case .binary, .text:
                    if let message = dialect.message(of: frame) { return message }
                case .ping:
                    try await outbound.write(WebSocketFrame(fin: true, opcode: .pong, data: frame.unmaskedData))
                case .connectionClose: return nil
                default: continue
                }
            }
            return nil
        }
    }
}

extension ChannelProtocol {
    func frame(_ bytes: ByteBuffer, channel: UInt8) -> WebSocketFrame {
        guard isBase64 else {
            var data = ByteBuffer(bytes: [channel])
            data.writeImmutableBuffer(bytes)
            return WebSocketFrame(fin: true, opcode: .binary, data: data)
        }
        // In the base64 dialects the channel is a digit, so that the frame is text.
        let text = "\(channel)" + Data(bytes.readableBytesView).base64EncodedString()
        return WebSocketFrame(fin: true, opcode: .text, data: ByteBuffer(string: text))
    }

    /// Nil for a frame without a channel number, or one whose base64 does not decode.
    func message(of frame: WebSocketFrame) -> (channel: UInt8, payload: ByteBuffer)? {
        var data = frame.unmaskedData
        guard let first = data.readInteger(as: UInt8.self) else { return nil }
        guard isBase64 else { return (first, data) }
        guard let bytes = Data(base64Encoded: Data(data.readableBytesView)), (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first)
        else { return nil }
        return (first - UInt8(ascii: "0"), ByteBuffer(bytes: bytes))
    }
}

extension WebSocketFrame {
    /// Status 1000. Source: RFC 6455 section 7.4.1.
    static var normalClosure: WebSocketFrame {
        var data = ByteBuffer()
        data.write(webSocketErrorCode: .normalClosure)
        return WebSocketFrame(fin: true, opcode: .connectionClose, data: data)
    }
}
