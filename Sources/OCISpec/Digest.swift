/// The SHA-256 digest of some content, `sha256:` and 64 lower-case hexadecimal digits; safe as one path component by its `hex`.
///
/// SHA-512, the other algorithm the specification registers, is refused: no registry serves images by it.
/// Source: OCI image spec, descriptor.md, "Digests".
package struct Digest: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let hex: String

    package init(parsing text: some StringProtocol) throws(InvalidDigest) {
        let prefix = "sha256:"
        guard text.hasPrefix(prefix) else { throw InvalidDigest(text: String(text)) }
        let hex = text.dropFirst(prefix.count)
        guard hex.utf8.count == 64, hex.utf8.allSatisfy(\.isLowerCaseHexadecimal) else { throw InvalidDigest(text: String(text)) }
        self.hex = String(hex)
    }

    /// - Parameter sha256: the 32 bytes of a finished hash.
    package init(sha256: some Sequence<UInt8>) {
        let digits = Array("0123456789abcdef".utf8)
        var hex: [UInt8] = []
        hex.reserveCapacity(64)
        for byte in sha256 {
            hex.append(digits[Int(byte >> 4)])
            hex.append(digits[Int(byte & 15)])
        }
        self.hex = String(decoding: hex, as: UTF8.self)
    }

    package var description: String { "sha256:\(hex)" }

    package static func < (left: Digest, right: Digest) -> Bool { left.hex < right.hex }
}

extension Digest: Codable {
    package init(from decoder: any Decoder) throws {
        self = try Digest(parsing: decoder.singleValueContainer().decode(String.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

package struct InvalidDigest: Error, Hashable, Sendable, CustomStringConvertible {
    package let text: String
    package var description: String { "'\(text)' is not a SHA-256 digest (sha256: and 64 lower-case hexadecimal digits)" }
}

extension UInt8 {
    package var isLowerCaseHexadecimal: Bool { (0x30...0x39).contains(self) || (0x61...0x66).contains(self) }
}
