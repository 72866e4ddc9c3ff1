import FoundationEssentials
import NIOCore

/// Exec and attach over SPDY: each channel is a stream, named by its `streamType` header.
struct SPDYRemoteCommand<Bytes: AsyncSequence<ByteBuffer, any Error> & Sendable>: RemoteCommandTransport {
    let inputs: Inputs
    private let writer: SPDYWriter
    private let streams: [RemoteChannel: UInt32]
    private let hasStatus: Bool

    /// Waits until the client has opened every stream in `expected`; the error stream is always one of them.
    ///
    /// - Returns: nil when the client went before that.
    static func accept(
        session: SPDYSession<Bytes>, expected: Set<RemoteChannel>, hasStatus: Bool
    ) async throws -> SPDYRemoteCommand? {
        var events = session.events.makeAsyncIterator()
        var streams: [RemoteChannel: UInt32] = [:]
        var early: [SPDYEvent] = []
        while !expected.isSubset(of: streams.keys) {
            guard let event = try await events.next() else { return nil }
            guard case .opened(let id, let headers) = event else {
                early.append(event)
                continue
            }
            guard let channel = RemoteChannel(streamType: headers["streamtype"]) else {
                throw SPDYError.malformed("streamType \(headers["streamtype"] ?? "missing")")
            }
            streams[channel] = id
        }
        return SPDYRemoteCommand(
            inputs: Inputs(early: early, events: events, stdin: streams[.stdin], resize: streams[.resize]),
            writer: session.writer, streams: streams, hasStatus: hasStatus)
    }

    func send(_ bytes: ByteBuffer, on channel: RemoteChannel) async throws {
        if let stream = streams[channel] { try await writer.send(bytes, on: stream) }
    }

    func finish(_ outcome: RemoteCommandOutcome) async throws {
        if let message = outcome.message(asStatus: hasStatus) { try await send(ByteBuffer(bytes: message), on: .error) }
        for channel in [RemoteChannel.stdout, .stderr, .error] {
            if let stream = streams[channel] { try await writer.finish(stream) }
        }
        try await writer.send(.goAway(lastStream: streams.values.max() ?? 0))
    }

    /// Iterated once: it goes on where `accept` stopped reading.
    struct Inputs: AsyncSequence, @unchecked Sendable {
        // The iterator inside is used by the one task that reads `inputs`, which is what the protocol asks for.
        typealias Element = RemoteInput
        let early: [SPDYEvent]
        let events: SPDYSession<Bytes>.Iterator
        let stdin: UInt32?
        let resize: UInt32?

        func makeAsyncIterator() -> Iterator { Iterator(early: early[...], events: events, stdin: stdin, resize: resize) }
    }

    struct Iterator: AsyncIteratorProtocol {
        var early: ArraySlice<SPDYEvent>
        var events: SPDYSession<Bytes>.Iterator
        let stdin: UInt32?
        let resize: UInt32?

        mutating func next() async throws -> RemoteInput? {
            while true {
                let event: SPDYEvent
                if let first = early.popFirst() {
                    event = first
                } else if let next = try await events.next() {
                    event = next
                } else {
                    return nil
                }
                switch event {
                case .data(let id, let bytes) where id == stdin: return .stdin(bytes)
                case .finished(let id) where id == stdin: return .stdinClosed
                case .data(let id, let bytes) where id == resize:
                    // A size that cannot be read is a client's mistake that costs nobody anything: it is passed over.
                    if let size = try? JSONDecoder().decode(TerminalSize.self, from: Data(bytes.readableBytesView)) {
                        return .resize(size)
                    }
                case .opened, .data, .finished: continue
                }
            }
        }
    }
}

extension RemoteChannel {
    init?(streamType: String?) {
        switch streamType {
        case "stdin": self = .stdin
        case "stdout": self = .stdout
        case "stderr": self = .stderr
        case "error": self = .error
        case "resize": self = .resize
        default: return nil
        }
    }
}
