import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import NIOSSL

/// One accepted connection: TLS, then HTTP/1.1, then whatever it upgrades to.
struct KubeServerChannel<Responder: HTTPResponder>: ServerChildChannel where Responder.Context == KubeRequestContext {
    struct Value: ServerChildChannelValue {
        let channel: any Channel
        let isLocalRoot: Bool
        let outcome: UpgradeOutcome
        let negotiated: EventLoopFuture<ConnectionProtocol>
    }

    let tls: ServerTLS?
    let responder: Responder
    let upgrade: UpgradeHandler?
    let limits: ConnectionLimits
    let connections: OpenConnections

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        guard connections.admit(channel, logger: logger) else {
            channel.close(promise: nil)
            return channel.eventLoop.makeFailedFuture(ChannelError.eof)
        }
        return LocalPeer.isRoot(channel).flatMap { configure(channel, isLocalRoot: $0, logger: logger) }
    }

    private func configure(_ channel: any Channel, isLocalRoot: Bool, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            // A client that closes has gone: no Kubernetes client closes one direction only. Left half open, as Hummingbird
            // would have it, a watch or a followed log goes on for nobody until it next has something to say.
            try channel.syncOptions?.setOption(.allowRemoteHalfClosure, value: false)
            let pipeline = channel.pipeline.syncOperations
            if let tls { try pipeline.addHandler(NIOSSLServerHandler(context: tls.context)) }
            let outcome = UpgradeOutcome()
            let upgraders = upgrade.map { decide in
                UpgradeFieldFilter.servedProtocols.map { name in
                    ConnectionUpgrader(
                        supportedProtocol: name, outcome: outcome,
                        context: { requestContext(on: $0, isLocalRoot: isLocalRoot, logger: logger) }, decide: decide)
                }
            }
            let configuration = NIOTypedHTTPServerUpgradeConfiguration<ConnectionProtocol>(upgraders: upgraders ?? []) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(HTTP1ToHTTPServerCodec(secure: tls != nil))
                    return .http(
                        try NIOAsyncChannel(
                            wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true)))
                }
            }
            var serving = NIOUpgradableHTTPServerPipelineConfiguration(upgradeConfiguration: configuration)
            // Requests are taken one after the other anyway. NIO's own handler for that stops reading while a response is
            // under way, and then a watch never hears that its client is leaving.
            serving.enablePipelining = false
            let negotiated = try pipeline.configureUpgradableHTTPServerPipeline(configuration: serving)
            let handler = try pipeline.handler(type: NIOTypedHTTPServerUpgradeHandler<ConnectionProtocol>.self)
            let deadline = ConnectionDeadline(limits: limits, hasHandshake: tls != nil, logger: logger)
            try pipeline.addHandler(deadline, position: .before(handler))
            if upgraders != nil { try pipeline.addHandler(UpgradeFieldFilter(), position: .before(handler)) }
            return Value(channel: channel, isLocalRoot: isLocalRoot, outcome: outcome, negotiated: negotiated)
        }
    }

    func handle(value: Value, logger: Logger) async {
        do {
            switch try await value.negotiated.get() {
            case .http(let channel):
                if case .refuse(let refusal) = value.outcome.take() {
                    try await answer(refusal, on: channel)
                    return
                }
                let context = try await channel.channel.eventLoop.submit { [channel = channel.channel] in
                    requestContext(on: channel, isLocalRoot: value.isLocalRoot, logger: logger)
                }.get()
                await HTTPConnection(responder: responder, context: context)
                    .handleHTTP(asyncChannel: channel, logger: logger)
            case .webSocket(let channel, let serve): await serve(channel)
            case .bytes(let channel, let serve): await serve(channel)
            }
        } catch {
            logger.debug("connection ended before its first request", metadata: ["error": "\(error)"])
        }
    }

    /// NIO's upgrade handler has swallowed the request that it did not upgrade, so its answer is all that is left to send.
    private func answer(
        _ refusal: Response, on channel: NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>
    ) async throws {
        try await channel.executeThenClose { _, outbound in
            var head = refusal.head
            head.headerFields[.connection] = "close"
            try await ResponseWriter(outbound: outbound).write(response: head, body: refusal.body)
            outbound.finish()
        }
    }

    /// On the channel's event loop, after the handshake.
    private func requestContext(on channel: any Channel, isLocalRoot: Bool, logger: Logger) -> KubeRequestContext {
        // A connection without TLS has no such handler; that is the Unix socket, or plain HTTP.
        let handler = try? channel.pipeline.syncOperations.handler(type: NIOSSLServerHandler.self)
        let isUnixSocket = channel.localAddress?.protocol == .unix
        return KubeRequestContext(
            client: isLocalRoot ? .localRoot : ClientIdentity(verified: handler?.peerCertificate),
            remoteAddress: isUnixSocket ? "local" : channel.remoteAddress?.ipAddress ?? "unknown", logger: logger)
    }
}

/// The requests of one connection that stayed with HTTP.
private struct HTTPConnection: HTTPChannelHandler {
    typealias Value = NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>
    let responder: HTTPChannelHandler.Responder

    init(responder: some HTTPResponder<KubeRequestContext>, context: KubeRequestContext) {
        self.responder = { request, writer, _ in
            let response: Response
            do {
                response = try await responder.respond(to: request, context: context)
            } catch {
                context.logger.error("request failed", metadata: ["path": "\(request.uri.path)", "error": "\(error)"])
                response = .status(.internalServerError, message: "\(error)", reason: "InternalError")
            }
            let head = request.method == .head ? response.createHeadResponse() : response
            try await writer.write(response: head.head, body: head.body)
        }
    }

    // `KubeServerChannel` has set the channel up; only `handleHTTP` of this conformance is used.
    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
    }

    func handle(value: Value, logger: Logger) async { await handleHTTP(asyncChannel: value, logger: logger) }
}
