import Glibc
import LinuxSystem
import NIOCore
import NIOPosix

/// Reads a container's log for a client: from the chosen start to the end, and on as it grows when asked.
struct ContainerLogReader {
    let options: PodLogOptions
    let file: LogFile
    /// Where file reads run: a disk may be slow, and the cooperative pool must not wait for it.
    let threads: NIOThreadPool

    private static let chunkSize = 64 << 10

    /// Returns when everything asked for is written; throws when the client has gone or the file cannot be read.
    func run(write: (ByteBuffer) async throws -> Void) async throws {
        let watch = options.follow ? try FileWatch(path: file.path) : nil
        var reader = try await onThread { [path = file.path, tail = options.tailLines] in
            try LogFileReader(path: path, tailLines: tail)
        }
        var formatter = LogFormatter(options: options)
        var wakeup = watch.map { wakeups(changes: $0.changes).makeAsyncIterator() }
        var isLast = !options.follow
        while formatter.wantsMore {
            let step = reader
            let (next, lines) = try await onThread { try step.advanced(by: Self.chunkSize) }
            reader = next
            if lines.isEmpty {
                if let rotated = try await onThread({ try step.successor() }) {
                    // What was written between the last look and the rotation; nothing is written after it.
                    let (rest, last) = try await onThread { try next.advanced(by: Self.chunkSize) }
                    reader = last.isEmpty ? rotated : rest
                    guard !last.isEmpty else { continue }
                    try await tell(last, with: &formatter, write)
                    continue
                }
                guard !isLast, let event = await wakeup?.next() else { return }
                isLast = event == .ended
                continue
            }
            try await tell(lines, with: &formatter, write)
        }
    }

    private func tell(_ lines: [ArraySlice<UInt8>], with formatter: inout LogFormatter, _ write: (ByteBuffer) async throws -> Void) async throws {
        var output: [UInt8] = []
        for line in lines { formatter.append(line, to: &output) }
        if !output.isEmpty { try await write(ByteBuffer(bytes: output)) }
    }

    private func onThread<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await threads.runIfActive(body)
    }

    private enum Wakeup { case changed, ended }

    /// Changes of the file, and the end of the container once; ends with the reader.
    private func wakeups(changes: AsyncStream<Void>) -> AsyncStream<Wakeup> {
        let (stream, continuation) = AsyncStream<Wakeup>.makeStream(bufferingPolicy: .bufferingNewest(2))
        // Both tasks end when the reader drops the stream, which cancels them.
        let following = Task { for await _ in changes { continuation.yield(.changed) } }
        let ending = Task { [ended = file.ended] in
            await ended()
            if !Task.isCancelled { continuation.yield(.ended) }
        }
        continuation.onTermination = { _ in
            following.cancel()
            ending.cancel()
        }
        return stream
    }
}

/// A position in a log file that is only ever appended to, and renamed away when it is rotated.
struct LogFileReader: Sendable {
    private let path: String
    private let descriptor: SharedDescriptor
    private var offset: off_t
    private var carry: [UInt8] = []

    /// - Parameters:
    ///   - path: of the log while it is written to.
    ///   - file: the rotated one to read from its beginning.
    private init(path: String, file: String) throws(SystemCallError) {
        self.path = path
        descriptor = SharedDescriptor(try OwnedFileDescriptor(opening: file, flags: O_RDONLY | O_NOFOLLOW))
        offset = 0
    }

    init(path: String, tailLines: Int?) throws(SystemCallError) {
        self.path = path
        descriptor = SharedDescriptor(try OwnedFileDescriptor(opening: path, flags: O_RDONLY | O_NOFOLLOW))
        offset = 0
        if let tailLines { offset = try start(ofLast: tailLines) }
    }

    /// Whole lines from up to `count` more bytes; no lines when there is nothing new.
    func advanced(by count: Int) throws(SystemCallError) -> (LogFileReader, [ArraySlice<UInt8>]) {
        var next = self
        while true {
            let bytes = try read(count, at: next.offset)
            guard !bytes.isEmpty else { return (next, []) }
            next.offset += off_t(bytes.count)
            let text = next.carry + bytes
            guard let end = text.lastIndex(of: UInt8(ascii: "\n")) else {
                next.carry = text
                continue
            }
            next.carry = Array(text[(end + 1)...])
            return (next, text[..<end].split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: true))
        }
    }

    /// The file that was begun after this one; nil while this is the newest, or while a rotation is under way.
    ///
    /// A rotation renames the oldest file first, and the one being written last. So if this file has the same number before and
    /// after its successor was opened, it was the right one.
    func successor() throws(SystemCallError) -> LogFileReader? {
        while let number = try number(), number != 0 {
            let next: LogFileReader
            do throws(SystemCallError) {
                next = try LogFileReader(path: path, file: number == 1 ? path : "\(path).\(number - 1)")
            } catch {
                if error.code == ENOENT { return nil }
                throw error
            }
            if try self.number() == number { return next }
        }
        return nil
    }

    /// How often the log was rotated since this file was written to: `0.log.2` is 2. One more than the oldest when this one
    /// is gone; nil when there is no file at all.
    private func number() throws(SystemCallError) -> Int? {
        var here = stat()
        try systemCall("fstat", on: path) { fstat(descriptor.rawValue, &here) }
        var number = 0
        var hasNewest = true
        while true {
            var there = stat()
            if stat(number == 0 ? path : "\(path).\(number)", &there) == 0 {
                if there.st_ino == here.st_ino, there.st_dev == here.st_dev { return number }
            } else if number == 0 {
                hasNewest = false  // for a moment, while a rotation is under way
            } else {
                return number > 1 || hasNewest ? number : nil
            }
            number += 1
        }
    }

    private func read(_ count: Int, at position: off_t) throws(SystemCallError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let got = try systemCall("pread", on: path) { pread(descriptor.rawValue, &bytes, count, position) }
        return Array(bytes[..<got])
    }

    /// The offset where the last `lines` lines begin, found from the end backwards.
    private func start(ofLast lines: Int) throws(SystemCallError) -> off_t {
        var info = stat()
        try systemCall("fstat", on: path) { fstat(descriptor.rawValue, &info) }
        var position = info.st_size
        guard lines > 0 else { return position }
        var found = 0
        while position > 0 {
            let size = min(position, 16384)
            let bytes = try read(Int(size), at: position - size)
            for index in bytes.indices.reversed() where bytes[index] == UInt8(ascii: "\n") {
                // The newline that ends the file ends the last line; it does not begin one.
                if position - size + off_t(index) == info.st_size - 1 { continue }
                found += 1
                if found == lines { return position - size + off_t(index) + 1 }
            }
            position -= size
        }
        return 0
    }
}

/// Lets value copies of a reader share one descriptor, closed with the last of them.
private final class SharedDescriptor: Sendable {
    private let owned: OwnedFileDescriptor
    init(_ owned: consuming OwnedFileDescriptor) { self.owned = owned }
    var rawValue: CInt { owned.rawValue }
}
