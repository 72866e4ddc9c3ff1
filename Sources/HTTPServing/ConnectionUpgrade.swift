package import HTTPTypes
package import HummingbirdCore
package import NIOCore
package import NIOWebSocket

/// A request to leave HTTP on this connection. Source: RFC 9110 section 7.8.
package struct UpgradeRequest: Sendable {
    package let head: HTTPRequest
    /// Lower case: `websocket` or `spdy/3.1`.
    package let `protocol`: String

    /// The same wish at another path.
    package func redirected(to path: String) -> UpgradeRequest {
        var head = head
        head.path = path
        return UpgradeRequest(head: head, protocol: `protocol`)
    }
}

/// What becomes of an `UpgradeRequest`.
package enum UpgradeDecision: Sendable {
    /// Answered as ordinary HTTP; the connection stays.
    case refuse(Response)
    /// 101, then WebSocket messages; `subprotocol` is echoed to the client.
    case webSocket(subprotocol: String?, serve: @Sendable (WebSocketChannel) async -> Void)
    /// 101 with these header fields, then bytes both ways.
    case bytes(headers: HTTPFields, serve: @Sendable (ByteChannel) async -> Void)
}

package typealias ByteChannel = NIOAsyncChannel<ByteBuffer, ByteBuffer>
package typealias WebSocketChannel = NIOAsyncChannel<WebSocketFrame, WebSocketFrame>

/// Decides on each upgrade, after authenticating it like any other request.
package typealias UpgradeHandler = @Sendable (UpgradeRequest, KubeRequestContext) async -> UpgradeDecision
