import FoundationEssentials
import HTTPServing
package import NIOCore
package import NIOWebSocket

/// Exec and attach over WebSocket channels: every message begins with the channel's number.
package struct WebSocketRemoteCommand: RemoteCommandTransport {
    package let inputs: Inputs
    private let outbound: NIOAsyncChannelOutboundWriter<WebSocketFrame>
    private let dialect: ChannelProtocol

    package init(
        inbound: NIOAsyncChannelInboundStream<WebSocketFrame>, outbound: NIOAsyncChannelOutboundWriter<WebSocketFrame>,
        dialect: ChannelProtocol
    ) {
        self.outbound = outbound
        self.dialect = dialect
        inputs = Inputs(frames: inbound, outbound: outbound, dialect: dialect)
    }

    /// One empty message on each stream the client will read opens it: clients wait for the first.
    package func open(_ channels: [RemoteChannel]) async throws {
        for channel in channels { try await send(ByteBuffer(), on: channel) }
    }

    package func send(_ bytes: ByteBuffer, on channel: RemoteChannel) async throws {
        try await outbound.write(dialect.frame(bytes, channel: channel.rawValue))
    }

    package func finish(_ outcome: RemoteCommandOutcome) async throws {
        if let message = outcome.message(asStatus: dialect.hasStatus) {
            try await send(ByteBuffer(bytes: message), on: .error)
        }
        try await outbound.write(.normalClosure)
    }

    /// The client's messages, with WebSocket's own control frames answered on the way.
    package struct Inputs: AsyncSequence, Sendable {
        package typealias Element = RemoteInput
        let frames: NIOAsyncChannelInboundStream<WebSocketFrame>
        let outbound: NIOAsyncChannelOutboundWriter<WebSocketFrame>
        let dialect: ChannelProtocol

        package func makeAsyncIterator() -> Iterator {
            Iterator(messages: WebSocketMessages(frames: frames, outbound: outbound, dialect: dialect).makeAsyncIterator())
        }

        package struct Iterator: AsyncIteratorProtocol {
            var messages: WebSocketMessages.Iterator

            package mutating func next() async throws -> RemoteInput? {
                while let (number, payload) = try await messages.next() {
                    switch RemoteChannel(rawValue: number) {
                    case .stdin: return .stdin(payload)
                    case .resize:
                        // A size that cannot be read is a client's mistake that costs nobody anything: it is passed over.
                        if let size = try? JSONDecoder().decode(TerminalSize.self, from: Data(payload.readableBytesView)) {
                            return .resize(size)
                        }
                    case .close:
                        if payload.readableBytesView.first == RemoteChannel.stdin.rawValue { return .stdinClosed }
                    case .stdout, .stderr, .error, nil: continue
                    }
                }
                return nil
            }
        }
    }
}
