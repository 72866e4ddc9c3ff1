import Logging
import NIOCore
import NIOHTTP1
import NIOTLS

/// Closes a connection whose peer lets the server wait longer than `ConnectionLimits` says, and leaves it alone once it has
/// left HTTP. Without this, a client that sends nothing, or a byte now and then, holds its connection for as long as it likes,
/// and needs no credentials for that.
final class ConnectionDeadline: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private let limits: ConnectionLimits
    private let logger: Logger
    private var progress: RequestProgress
    private var deadline: NIODeadline?
    /// What passes from then on is not HTTP.
    private var hasUpgraded = false
    /// At most one is pending. It looks at `deadline` when it fires, so that requests in quick succession cost no timers.
    private var timer: (fires: NIODeadline, task: Scheduled<Void>)?

    init(limits: ConnectionLimits, hasHandshake: Bool, logger: Logger) {
        self.limits = limits
        self.logger = logger
        progress = RequestProgress(hasHandshake: hasHandshake)
    }

    func handlerAdded(context: ChannelHandlerContext) { restart(context) }
    func handlerRemoved(context: ChannelHandlerContext) { stop() }

    func channelInactive(context: ChannelHandlerContext) {
        stop()
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted = event as? TLSUserEvent { note(.handshakeDone, context) }
        context.fireUserInboundEventTriggered(event)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !hasUpgraded else { return context.fireChannelRead(data) }
        switch unwrapInboundIn(data) {
        case .head: note(.requestHead, context)
        case .body: break
        case .end: note(.requestEnd, context)
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !hasUpgraded else { return context.write(data, promise: promise) }
        let part = unwrapOutboundIn(data)
        context.write(data, promise: promise)
        switch part {
        case .head(let head) where head.status == .switchingProtocols:
            // It stays where it is: a handler that leaves while it writes takes the flush that follows with it.
            hasUpgraded = true
            stop()
        case .head, .body: break
        case .end: note(.responseEnd, context)
        }
    }

    private func note(_ event: RequestProgress.Event, _ context: ChannelHandlerContext) {
        let before = progress.wait
        progress.note(event)
        if progress.wait != before { restart(context) }
    }

    private func restart(_ context: ChannelHandlerContext) {
        deadline = progress.wait.map { .now() + TimeAmount(limits.time(for: $0)) }
        guard let deadline else { return }
        if let timer {
            guard deadline < timer.fires else { return }
            timer.task.cancel()
        }
        schedule(deadline, context)
    }

    private func schedule(_ deadline: NIODeadline, _ context: ChannelHandlerContext) {
        let task = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { self.check(context) }
        timer = (deadline, task)
    }

    private func check(_ context: ChannelHandlerContext) {
        timer = nil
        guard let deadline, let wait = progress.wait else { return }
        if deadline > .now() { return schedule(deadline, context) }
        logger.debug("closing a connection that keeps the server waiting", metadata: ["for": "\(wait)", "peer": "\(context.remoteAddress.map { "\($0)" } ?? "local")"])
        context.close(promise: nil)
    }

    private func stop() {
        deadline = nil
        timer?.task.cancel()
        timer = nil
    }
}
