import protocol Crypto.HashFunction
import struct Crypto.SHA256
import OCISpec

/// The digest and length of content that goes by in pieces.
struct ContentHash: Sendable {
    private var hash = SHA256()
    private(set) var byteCount = 0

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        hash.update(bufferPointer: bytes)
        byteCount += bytes.count
    }

    var digest: Digest { Digest(sha256: hash.finalize()) }

    /// Checks what went by against what its descriptor promised.
    func verify(_ subject: @autoclosure () -> String, digest expected: Digest, size: Int?) throws(ImageError) {
        if let size, size != byteCount { throw .sizeMismatch(subject: subject(), expected: size, actual: byteCount) }
        let actual = digest
        guard actual == expected else { throw .digestMismatch(subject: subject(), expected: expected, actual: actual) }
    }
}

extension Digest {
    init(of bytes: [UInt8]) { self.init(sha256: SHA256.hash(data: bytes)) }
}
