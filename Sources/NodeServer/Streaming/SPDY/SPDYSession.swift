import NIOCore

/// What a SPDY client does, as the serving side sees it.
enum SPDYEvent: Sendable {
    /// A new stream, already accepted.
    case opened(stream: UInt32, headers: [String: String])
    case data(stream: UInt32, ByteBuffer)
    /// The client sends no more on this stream; also after a reset.
    case finished(stream: UInt32)
}

/// The serving end of one SPDY/3.1 session over any byte transport: TCP after an upgrade, or WebSocket messages.
///
/// Kubernetes' clients do not take part in SPDY flow control; the transport's own back-pressure does that work.
struct SPDYSession<Bytes: AsyncSequence<ByteBuffer, any Error> & Sendable>: Sendable {
    private let inbound: Bytes
    let writer: SPDYWriter

    init(inbound: Bytes, write: @escaping @Sendable (ByteBuffer) async throws -> Void) throws(SPDYError) {
        self.inbound = inbound
        writer = try SPDYWriter(write: write)
    }

    /// Read by one task; answers pings and accepts streams on the way.
    var events: Events { Events(inbound: inbound, writer: writer) }

    struct Events: AsyncSequence, Sendable {
        let inbound: Bytes
        let writer: SPDYWriter
        func makeAsyncIterator() -> Iterator { Iterator(inbound: inbound.makeAsyncIterator(), writer: writer) }
    }

    struct Iterator: AsyncIteratorProtocol {
        private var inbound: Bytes.AsyncIterator
        private let writer: SPDYWriter
        private var buffer = ByteBuffer()
        private var inflater: SPDYHeaderInflater?
        private var pending: [SPDYEvent] = []

        init(inbound: Bytes.AsyncIterator, writer: SPDYWriter) {
            self.inbound = inbound
            self.writer = writer
        }

        mutating func next() async throws -> SPDYEvent? {
            while true {
                if !pending.isEmpty { return pending.removeFirst() }
                if let frame = try SPDYFrame.read(from: &buffer) {
                    guard try await take(frame) else { return nil }
                } else {
                    guard var more = try await inbound.next() else { return nil }
                    buffer.discardReadBytes()
                    buffer.writeBuffer(&more)
                }
            }
        }

        /// False when the session is over.
        private mutating func take(_ frame: SPDYFrame) async throws -> Bool {
            switch frame {
            case .synStream(let id, let finished, let block):
                let inflater = try self.inflater ?? SPDYHeaderInflater()
                self.inflater = inflater
                pending.append(.opened(stream: id, headers: try inflater.headers(from: block)))
                if finished { pending.append(.finished(stream: id)) }
                try await writer.accept(id)
            case .data(let id, let bytes, let finished):
                if bytes.readableBytes > 0 { pending.append(.data(stream: id, bytes)) }
                if finished { pending.append(.finished(stream: id)) }
            case .resetStream(let id, _): pending.append(.finished(stream: id))
            case .ping(let id): try await writer.send(.ping(id: id))
            case .goAway: return false
            case .synReply, .other: break
            }
            return true
        }
    }
}

/// The sending half of a session; an actor because header compression must run in the order of sending.
actor SPDYWriter {
    private let deflater: SPDYHeaderDeflater
    private let write: @Sendable (ByteBuffer) async throws -> Void
    /// A data frame's length has 24 bits, but small frames keep the session responsive. Bytes.
    private static let largestData = 32 << 10

    init(write: @escaping @Sendable (ByteBuffer) async throws -> Void) throws(SPDYError) {
        deflater = try SPDYHeaderDeflater()
        self.write = write
    }

    func accept(_ stream: UInt32) async throws {
        try await write(SPDYFrame.synReply(id: stream, headerBlock: try deflater.block(for: [])).encoded())
    }

    func send(_ frame: SPDYFrame) async throws { try await write(frame.encoded()) }

    func send(_ bytes: ByteBuffer, on stream: UInt32) async throws {
        var rest = bytes
        while let part = rest.readSlice(length: min(rest.readableBytes, Self.largestData)), part.readableBytes > 0 {
            try await write(SPDYFrame.data(id: stream, bytes: part, finished: false).encoded())
        }
    }

    func finish(_ stream: UInt32) async throws {
        try await write(SPDYFrame.data(id: stream, bytes: ByteBuffer(), finished: true).encoded())
    }
}
