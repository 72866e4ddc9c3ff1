import KubeAPI
package import Logging
package import NIOCore
import NIOPosix
import Synchronization

/// The node's DNS server for pods: names of Services from a `ServiceRegistry`, everything else from the node's resolvers.
/// UDP and TCP on one address.
package final class ClusterDNS: Sendable {
    package struct Configuration: Sendable {
        /// An address of the node that pods reach, usually the bridge's.
        package var address: String
        /// 53; zero lets the kernel choose, for tests.
        package var port: Int
        package var upstream: UpstreamResolvers
        /// How long one upstream resolver may take before the next is asked.
        package var patience: Duration

        package init(
            address: String, port: Int = 53, upstream: UpstreamResolvers = .file("/etc/resolv.conf"), patience: Duration = .seconds(2)
        ) {
            self.address = address
            self.port = port
            self.upstream = upstream
            self.patience = patience
        }
    }

    private let configuration: Configuration
    private let group: any EventLoopGroup
    private let logger: Logger
    private let responder: DNSResponder
    private let channels = Mutex<[any Channel]>([])

    /// Nothing is bound before `start`.
    package init(configuration: Configuration, registry: ServiceRegistry = ServiceRegistry(), group: any EventLoopGroup, logger: Logger) {
        self.configuration = configuration
        self.group = group
        self.logger = logger
        let upstream = UpstreamList(configuration.upstream, excluding: configuration.address)
        let forwarder = DNSForwarder(upstream: upstream, patience: TimeAmount(configuration.patience))
        responder = DNSResponder(registry: registry, forwarder: forwarder)
    }

    /// The next query is answered from `registry`.
    package func update(_ registry: ServiceRegistry) { responder.update(registry) }

    /// Binds both sockets and serves until `shutDown`.
    /// - Returns: the port.
    @discardableResult
    package func start() async throws(NetworkError) -> Int {
        let responder = responder
        let openStreams = ConnectionCount()
        do {
            // TCP first: of a port that the kernel chose, it is the scarcer kind.
            let stream = try await ServerBootstrap(group: group)
                .serverChannelOption(.backlog, value: 64)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandlers([
                            IdleStateHandler(allTimeout: .seconds(10)), ByteToMessageHandler(DNSFrameDecoder()),
                            StreamServer(responder: responder, open: openStreams),
                        ])
                    }
                }
                .bind(host: configuration.address, port: configuration.port).get()
            channels.withLock { $0.append(stream) }
            let port = stream.localAddress?.port ?? configuration.port
            let datagram = try await DatagramBootstrap(group: group)
                .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 4096))
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(DatagramServer(responder: responder))
                    }
                }
                .bind(host: configuration.address, port: port).get()
            channels.withLock { $0.append(datagram) }
            logger.info("cluster DNS listening", metadata: ["address": "\(configuration.address)", "port": "\(port)"])
            return port
        } catch {
            await shutDown()
            throw .listening(address: "\(configuration.address):\(configuration.port)", reason: "\(error)")
        }
    }

    /// Closes the sockets. A query under way is not answered.
    package func shutDown() async {
        let open = channels.withLock { channels in
            defer { channels = [] }
            return channels
        }
        for channel in open {
            do {
                try await channel.close()
            } catch {
                logger.debug("closing a DNS socket", metadata: ["error": "\(error)"])
            }
        }
    }
}

private final class DatagramServer: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>
    private let responder: DNSResponder
    init(responder: DNSResponder) { self.responder = responder }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let envelope = unwrapInboundIn(data)
        let channel = context.channel
        responder.respond(to: Array(envelope.data.readableBytesView), by: .datagram, on: context.eventLoop).whenSuccess { message in
            guard let message else { return }
            channel.writeAndFlush(AddressedEnvelope(remoteAddress: envelope.remoteAddress, data: ByteBuffer(bytes: message)), promise: nil)
        }
    }

    /// Such as "connection refused" from a client that did not wait: no reason to stop serving the others.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {}
}

private final class StreamServer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let responder: DNSResponder
    private let open: ConnectionCount
    static let maximumOpen = 256

    init(responder: DNSResponder, open: ConnectionCount) {
        self.responder = responder
        self.open = open
    }

    func channelActive(context: ChannelHandlerContext) {
        if open.value.add(1, ordering: .relaxed).newValue > StreamServer.maximumOpen { context.close(promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) { open.value.subtract(1, ordering: .relaxed) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let channel = context.channel
        responder.respond(to: Array(unwrapInboundIn(data).readableBytesView), by: .stream, on: context.eventLoop).whenSuccess { message in
            guard let message else { return channel.close(promise: nil) }
            channel.writeAndFlush(ByteBuffer(dnsFrame: message), promise: nil)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is IdleStateHandler.IdleStateEvent { context.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

/// An atomic is not copyable; the connections of one server share this.
private final class ConnectionCount: Sendable {
    let value = Atomic<Int>(0)
}
