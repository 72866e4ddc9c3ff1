import Glibc
import LinuxSystem

/// A stream of bytes, taken piece by piece.
protocol ByteReader: AnyObject {
    /// The next piece, valid until the next call; empty at the end, and from then on.
    func next() throws(ImageError) -> UnsafeRawBufferPointer
}

extension ByteReader {
    /// Reads on to the end, for what a decoder left behind: a digest covers every byte.
    func drain() throws(ImageError) {
        while try !next().isEmpty {}
    }
}

/// The bytes of a file, hashed as they go by.
final class FileReader: ByteReader {
    private(set) var hash = ContentHash()
    private let file: OwnedFileDescriptor
    private let buffer: UnsafeMutableRawBufferPointer
    private let subject: String

    init(_ file: consuming OwnedFileDescriptor, subject: String) {
        self.file = file
        self.subject = subject
        buffer = .allocate(byteCount: 256 << 10, alignment: 16)
    }

    deinit { buffer.deallocate() }

    func next() throws(ImageError) -> UnsafeRawBufferPointer {
        let count: Int
        do throws(SystemCallError) {
            count = try systemCall("read", on: subject) { read(file.rawValue, buffer.baseAddress, buffer.count) }
        } catch {
            throw .system(error)
        }
        let piece = UnsafeRawBufferPointer(rebasing: buffer[..<count])
        hash.update(piece)
        return piece
    }
}
