import NIOCore
import NIOPosix
import Synchronization

enum DNSTransport: Sendable { case datagram, stream }

/// Passes queries on to other resolvers. Each exchange has a socket, hence a source port, and an id of its own, so that an
/// answer cannot be forged by guessing one number.
final class DNSForwarder: Sendable {
    private let upstream: UpstreamList
    private let patience: TimeAmount
    private let pending = Atomic<Int>(0)
    static let maximumPending = 1024

    enum Failure: Error { case busy, noUpstream, timeout, badReply, closed }

    /// - Parameter patience: with one resolver before the next is asked.
    init(upstream: UpstreamList, patience: TimeAmount = .seconds(2)) {
        self.upstream = upstream
        self.patience = patience
    }

    /// - Parameter message: a whole query, with the client's id.
    /// - Returns: the whole answer, with the same id.
    func forward(_ message: [UInt8], by transport: DNSTransport, on loop: any EventLoop) -> EventLoopFuture<[UInt8]> {
        guard pending.add(1, ordering: .relaxed).newValue <= DNSForwarder.maximumPending else {
            pending.subtract(1, ordering: .relaxed)
            return loop.makeFailedFuture(Failure.busy)
        }
        let answer = ask(upstream.current()[...], message, by: transport, on: loop)
        answer.whenComplete { [self] _ in pending.subtract(1, ordering: .relaxed) }
        return answer
    }

    private func ask(
        _ resolvers: ArraySlice<SocketAddress>, _ message: [UInt8], by transport: DNSTransport, on loop: any EventLoop
    ) -> EventLoopFuture<[UInt8]> {
        guard let resolver = resolvers.first else { return loop.makeFailedFuture(Failure.noUpstream) }
        return exchange(message, with: resolver, by: transport, on: loop).flatMapError { [self] error in
            guard resolvers.count > 1 else { return loop.makeFailedFuture(error) }
            return ask(resolvers.dropFirst(), message, by: transport, on: loop)
        }
    }

    private func exchange(
        _ message: [UInt8], with resolver: SocketAddress, by transport: DNSTransport, on loop: any EventLoop
    ) -> EventLoopFuture<[UInt8]> {
        let own = UInt16.random(in: .min ... .max)
        let query = [UInt8(own >> 8), UInt8(own & 0xff)] + message.dropFirst(2)
        let promise = loop.makePromise(of: [UInt8].self)
        let timer = loop.scheduleTask(in: patience) { promise.fail(Failure.timeout) }
        let connecting =
            switch transport {
            case .datagram:
                DatagramBootstrap(group: loop)
                    .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 4096))
                    .channelInitializer { channel in
                        channel.eventLoop.makeCompletedFuture {
                            try channel.pipeline.syncOperations.addHandler(DatagramExchange(query: query, resolver: resolver, promise: promise))
                        }
                    }
                    .connect(to: resolver)
            case .stream:
                ClientBootstrap(group: loop)
                    .connectTimeout(patience)
                    .channelInitializer { channel in
                        channel.eventLoop.makeCompletedFuture {
                            try channel.pipeline.syncOperations.addHandlers([
                                ByteToMessageHandler(DNSFrameDecoder()), StreamExchange(query: query, promise: promise),
                            ])
                        }
                    }
                    .connect(to: resolver)
            }
        connecting.whenFailure { promise.fail($0) }
        promise.futureResult.whenComplete { _ in
            timer.cancel()
            connecting.whenSuccess { $0.close(promise: nil) }
        }
        return promise.futureResult.map { Array(message.prefix(2)) + $0.dropFirst(2) }
    }
}

/// Whether `reply` is an answer to `query`: same id, same question.
func isReply(_ reply: [UInt8], to query: [UInt8]) -> Bool {
    guard reply.count >= DNSQuery.headerLength, reply[0...1] == query[0...1], reply[2] & 0x80 != 0 else { return false }
    // A server that could not read the question does not repeat it.
    if reply[4] == 0, reply[5] == 0 { return reply[3] & 0xf != 0 }
    var asked = DNSReader(query, at: DNSQuery.headerLength)
    var answered = DNSReader(reply, at: DNSQuery.headerLength)
    do throws(DNSMalformed) {
        let (name, kind) = (try asked.name(), try asked.uint32())
        return try answered.name() == name ? try answered.uint32() == kind : false
    } catch {
        return false
    }
}

private final class DatagramExchange: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>
    typealias OutboundOut = AddressedEnvelope<ByteBuffer>
    private let query: [UInt8]
    private let resolver: SocketAddress
    private let promise: EventLoopPromise<[UInt8]>

    init(query: [UInt8], resolver: SocketAddress, promise: EventLoopPromise<[UInt8]>) {
        self.query = query
        self.resolver = resolver
        self.promise = promise
    }

    func channelActive(context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(AddressedEnvelope(remoteAddress: resolver, data: ByteBuffer(bytes: query))), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let reply = Array(unwrapInboundIn(data).data.readableBytesView)
        // Anything else on this port is a forgery, or late: the true answer may still come.
        if isReply(reply, to: query) { promise.succeed(reply) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { promise.fail(error) }
    func channelInactive(context: ChannelHandlerContext) { promise.fail(DNSForwarder.Failure.closed) }
}

private final class StreamExchange: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    private let query: [UInt8]
    private let promise: EventLoopPromise<[UInt8]>

    init(query: [UInt8], promise: EventLoopPromise<[UInt8]>) {
        self.query = query
        self.promise = promise
    }

    func channelActive(context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(dnsFrame: query)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let reply = Array(unwrapInboundIn(data).readableBytesView)
        if isReply(reply, to: query) { promise.succeed(reply) } else { promise.fail(DNSForwarder.Failure.badReply) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { promise.fail(error) }
    func channelInactive(context: ChannelHandlerContext) { promise.fail(DNSForwarder.Failure.closed) }
}

/// A message on TCP: its length in two bytes, then itself. Source: RFC 1035, section 4.2.2.
struct DNSFrameDecoder: ByteToMessageDecoder {
    typealias InboundOut = ByteBuffer

    mutating func decode(context: ChannelHandlerContext, buffer: inout ByteBuffer) throws -> DecodingState {
        guard let message = buffer.readLengthPrefixedSlice(as: UInt16.self) else { return .needMoreData }
        context.fireChannelRead(wrapInboundOut(message))
        return .continue
    }

    /// What is left at the end of the connection is half a message.
    mutating func decodeLast(context: ChannelHandlerContext, buffer: inout ByteBuffer, seenEOF: Bool) throws -> DecodingState {
        try decode(context: context, buffer: &buffer)
    }
}

extension ByteBuffer {
    /// - Precondition: at most 65535 bytes.
    init(dnsFrame message: [UInt8]) {
        self.init()
        writeInteger(UInt16(message.count))
        writeBytes(message)
    }
}
