@preconcurrency import Dispatch  // a source may be cancelled from any thread; its overlay does not say so yet
import Glibc
import Synchronization

/// What a command writes into its pipes up to its end: its own, not that of a process it left behind, which may hold the pipes open
/// for as long as it lives. The first 10 KiB of each are kept.
///
/// A pipe holds 64 KiB, and few commands write so much: what one that ends at once has written is read when it has ended. `follow`
/// keeps one that goes on from being held up.
final class OutputReading: Sendable {
    /// A command that has not ended by then is followed.
    static let patience = Duration.milliseconds(50)
    /// Kept of each stream. Bytes.
    private static let limit = 10 << 10

    private struct Stream {
        let descriptor: CInt
        var source: (any DispatchSourceRead)?
        var kept: [UInt8] = []
        /// Nobody reads it any more.
        var isOver = false
    }

    private let streams: Mutex<[Stream]>

    /// - Parameter descriptors: of pipes; they are this object's from now on, and closed at the `end`.
    init(_ descriptors: [CInt?]) {
        let streams = descriptors.compactMap(\.self).map { descriptor in
            _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)  // cannot fail on a pipe that is open
            return Stream(descriptor: descriptor)
        }
        self.streams = Mutex(streams)
    }

    /// Reads from now on whatever comes, so that the command never waits for a reader.
    func follow() {
        streams.withLock { streams in
            for index in streams.indices where !streams[index].isOver && streams[index].source == nil {
                let descriptor = streams[index].descriptor
                let source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: .global())
                source.setEventHandler { [self] in self.streams.withLock { Self.drain(&$0[index], all: true) } }
                source.setCancelHandler { close(descriptor) }
                source.activate()
                streams[index].source = source
            }
        }
    }

    /// What the command has written, which has ended.
    func end() -> String {
        streams.withLock { streams in
            for index in streams.indices {
                Self.drain(&streams[index], all: false)
                Self.finish(&streams[index])
            }
            return streams.map { String(decoding: $0.kept, as: UTF8.self) }.joined()
        }
    }

    /// Reads what is there, and finishes at the end of the stream.
    /// - Parameter all: also what is not kept, so that there is room for more.
    private static func drain(_ stream: inout Stream, all: Bool) {
        guard !stream.isOver else { return }
        withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 1) { chunk in
            while all || stream.kept.count < limit {
                let count = read(stream.descriptor, chunk.baseAddress, chunk.count)
                if count < 0 && errno == EINTR { continue }
                if count < 0 && errno == EAGAIN { return }
                guard count > 0 else { return finish(&stream) }
                stream.kept += chunk[..<min(count, limit - stream.kept.count)]
            }
        }
    }

    private static func finish(_ stream: inout Stream) {
        guard !stream.isOver else { return }
        stream.isOver = true
        // A source may still be looking at the descriptor.
        if let source = stream.source { source.cancel() } else { close(stream.descriptor) }
    }
}
