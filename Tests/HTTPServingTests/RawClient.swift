import NIOCore
import NIOPosix
import NIOSSL

/// A client that behaves badly, in one of several manners.
struct RawClient: Sendable {
    enum Manner: CaseIterable {
        /// Connects, and says nothing: not even the TLS handshake.
        case silent
        /// One byte of a header now and then.
        case dribblingHeader
        /// A whole header, then one byte of the body now and then.
        case dribblingBody
        /// One good request, then nothing more.
        case idle

        var opening: String? {
            switch self {
            case .silent, .dribblingHeader: nil
            case .dribblingBody: "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n"
            case .idle: "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
            }
        }

        var drop: String? {
            switch self {
            case .silent, .idle: nil
            case .dribblingHeader: "GET / HTTP/1.1\r\nX: " + String(repeating: "x", count: 10_000)
            case .dribblingBody: String(repeating: "x", count: 10_000)
            }
        }
    }

    private let channel: any Channel
    private let began = ContinuousClock.now

    init(port: Int, manner: Manner, tls: TLSConfiguration) async throws {
        let context = manner == .silent ? nil : try NIOSSLContext(configuration: tls)
        channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                guard let context else { return }
                try channel.pipeline.syncOperations.addHandler(NIOSSLClientHandler(context: context, serverHostname: nil))
            }
        }.connect(host: "127.0.0.1", port: port).get()
        // A server that closed meanwhile shows in `life`.
        if let opening = manner.opening { channel.writeAndFlush(ByteBuffer(string: opening), promise: nil) }
        guard let drop = manner.drop else { return }
        Self.dribble(ByteBuffer(string: drop), into: channel)
    }

    /// One byte, and after a while the next, as long as the connection lasts.
    private static func dribble(_ bytes: ByteBuffer, into channel: any Channel) {
        var rest = bytes
        guard channel.isActive, let byte = rest.readSlice(length: 1) else { return }
        channel.writeAndFlush(byte, promise: nil)
        channel.eventLoop.scheduleTask(in: .milliseconds(20)) { [rest] in dribble(rest, into: channel) }
    }

    /// How long the server put up with it.
    func life() async throws -> Duration {
        try await channel.closeFuture.get()
        return began.duration(to: .now)
    }

    func leave() async throws { try await channel.close() }
}
