import Crypto
import FoundationEssentials
import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import NIOWebSocket
import Synchronization

/// What a connection turned out to speak once its first request was read.
enum ConnectionProtocol: Sendable {
    case http(NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>)
    case webSocket(WebSocketChannel, serve: @Sendable (WebSocketChannel) async -> Void)
    case bytes(ByteChannel, serve: @Sendable (ByteChannel) async -> Void)
}

/// The decision on one connection's upgrade, kept from NIO's question before the 101 to its call after it.
final class UpgradeOutcome: Sendable {
    private let decision = Mutex<UpgradeDecision?>(nil)

    func record(_ outcome: UpgradeDecision) { decision.withLock { $0 = outcome } }
    func take() -> UpgradeDecision? { decision.withLock { $0.take() } }
}

struct UpgradeWasRefused: Error {}

/// Puts an `UpgradeHandler` behind NIO's HTTP upgrade, for one protocol of one connection.
struct ConnectionUpgrader: NIOTypedHTTPServerProtocolUpgrader {
    typealias UpgradeResult = ConnectionProtocol

    /// As it stands in the `Upgrade` field.
    let supportedProtocol: String
    let requiredUpgradeHeaders: [String] = []
    let outcome: UpgradeOutcome
    let context: @Sendable (any Channel) -> KubeRequestContext
    let decide: UpgradeHandler

    /// A message above this size ends the connection; kubectl sends 32 KiB at most. Bytes.
    static let maximumMessageSize = 4 << 20

    func buildUpgradeResponse(
        channel: any Channel, upgradeRequest: HTTPRequestHead, initialResponseHeaders: HTTPHeaders
    ) -> EventLoopFuture<HTTPHeaders> {
        let promise = channel.eventLoop.makePromise(of: HTTPHeaders.self)
        let context = context(channel)
        promise.completeWithTask {
            let head = try HTTPRequest(upgradeRequest, secure: true, splitCookie: false)
            let request = UpgradeRequest(head: head, protocol: supportedProtocol.lowercased())
            let decision = await decide(request, context)
            outcome.record(decision)
            var headers = initialResponseHeaders
            switch decision {
            case .refuse: throw UpgradeWasRefused()
            case .bytes(let fields, _):
                for field in fields { headers.replaceOrAdd(name: field.name.rawName, value: field.value) }
            case .webSocket(let subprotocol, _):
                let key = upgradeRequest.headers.first(name: "Sec-WebSocket-Key") ?? ""
                headers.replaceOrAdd(name: "Sec-WebSocket-Accept", value: Self.accept(key: key))
                if let subprotocol { headers.replaceOrAdd(name: "Sec-WebSocket-Protocol", value: subprotocol) }
            }
            return headers
        }
        return promise.futureResult
    }

    func upgrade(channel: any Channel, upgradeRequest: HTTPRequestHead) -> EventLoopFuture<ConnectionProtocol> {
        channel.eventLoop.makeCompletedFuture {
            switch outcome.take() {
            case .webSocket(_, let serve):
                let pipeline = channel.pipeline.syncOperations
                try pipeline.addHandler(WebSocketFrameEncoder())
                try pipeline.addHandler(ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: Self.maximumMessageSize)))
                try pipeline.addHandler(WebSocketProtocolErrorHandler())
                try pipeline.addHandler(
                    NIOWebSocketFrameAggregator(
                        minNonFinalFragmentSize: 0, maxAccumulatedFrameCount: 1024,
                        maxAccumulatedFrameSize: Self.maximumMessageSize))
                return .webSocket(try WebSocketChannel(wrappingChannelSynchronously: channel), serve: serve)
            case .bytes(_, let serve):
                return .bytes(
                    try ByteChannel(
                        wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true)),
                    serve: serve)
            case .refuse, nil:
                throw UpgradeWasRefused()
            }
        }
    }

    /// Source: RFC 6455 section 4.2.2, step 5.4.
    private static func accept(key: String) -> String {
        let digest = Insecure.SHA1.hash(data: Data((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8))
        return Data(digest).base64EncodedString()
    }
}
