package import Hummingbird
import HummingbirdCore
package import Logging
package import NIOCore
import ServiceLifecycle
import Synchronization

/// An HTTPS server in the style of the Kubernetes components: HTTP/1.1, optional client certificates, and connections that
/// upgrade to WebSocket or SPDY for exec, attach and port-forward.
package struct KubeHTTPServer<Responder: HTTPResponder>: Service where Responder.Context == KubeRequestContext {
    private let address: ListenAddress
    private let childChannel: KubeServerChannel<Responder>
    private let eventLoopGroup: any EventLoopGroup
    private let logger: Logger
    private let onListening: @Sendable (SocketAddress?) async -> Void

    /// How long requests under way may take to end when the server is told to.
    private static var grace: Duration { .milliseconds(200) }

    /// - Parameters:
    ///   - tls: nil serves plain HTTP, which only a Unix socket in a root-only directory should do.
    ///   - onListening: told the bound address, which names the port that a configured port of zero became.
    package init(
        address: ListenAddress, tls: ServerTLS?, responder: Responder, upgrade: UpgradeHandler? = nil,
        limits: ConnectionLimits = ConnectionLimits(), eventLoopGroup: any EventLoopGroup, logger: Logger,
        onListening: @escaping @Sendable (SocketAddress?) async -> Void = { _ in }
    ) {
        self.address = address
        childChannel = KubeServerChannel(
            tls: tls, responder: responder, upgrade: upgrade, limits: limits, connections: OpenConnections(limits: limits))
        self.eventLoopGroup = eventLoopGroup
        self.logger = logger
        self.onListening = onListening
    }

    /// Serves until cancelled, or shut down gracefully: then it stops listening at once and closes every connection after a
    /// moment, whatever is going on there. Throws `HTTPServingError` when it cannot listen.
    package func run() async throws {
        let onListening = onListening
        let server = Server(
            childChannelSetup: childChannel, configuration: ServerConfiguration(address: address.bindAddress, serverName: nil),
            onServerRunning: { await onListening($0.localAddress) }, eventLoopGroup: eventLoopGroup, logger: logger)
        let connections = childChannel.connections
        do {
            try await withThrowingTaskGroup { group in
                group.addTask { try await server.run() }
                group.addTask {
                    // Both are cut short by cancellation, which leads to the same end sooner.
                    try? await gracefulShutdown()
                    try? await Task.sleep(for: Self.grace)
                    connections.closeAll()
                }
                defer { group.cancelAll() }
                try await group.next()
            }
        } catch let error as IOError {
            throw HTTPServingError.binding("\(address)", failed: error)
        }
    }
}
