import NIOCore
import NIOHTTP1

/// Takes the `Upgrade` field off a first request that asks for a protocol nobody here speaks, so that it is served as the
/// plain request it also is (RFC 9110 section 7.8 lets a server ignore the field), instead of being swallowed.
final class UpgradeFieldFilter: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart

    static let servedProtocols = ["websocket", "SPDY/3.1"]

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(var head) = unwrapInboundIn(data) else {
            context.fireChannelRead(data)
            return
        }
        let asked = head.headers[canonicalForm: "upgrade"].map { $0.lowercased() }
        if !asked.contains(where: { name in Self.servedProtocols.contains { $0.lowercased() == name } }) {
            head.headers.remove(name: "upgrade")
        }
        context.fireChannelRead(wrapInboundOut(.head(head)))
        // Only the first request may upgrade; what follows an upgrade is not HTTP.
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }
}
