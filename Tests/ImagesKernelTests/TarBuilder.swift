import struct Crypto.SHA256
import OCISpec

/// Writes tars that no well-meaning program would. Source: POSIX pax, "ustar Interchange Format".
struct TarBuilder {
    private(set) var bytes: [UInt8] = []

    enum Kind: UInt8 { case file = 0x30, hardLink, symbolicLink, character, block, directory, fifo, pax = 0x78 }

    mutating func add(
        _ name: String, _ kind: Kind = .file, content: [UInt8] = [], link: String = "", mode: Int = 0o644, user: Int = 0, group: Int = 0,
        time: Int = 1_600_000_000, attributes: [String: [UInt8]] = [:]
    ) {
        var records: [UInt8] = []
        if name.utf8.count > 100 { records += Self.record("path", Array(name.utf8)) }
        if link.utf8.count > 100 { records += Self.record("linkpath", Array(link.utf8)) }
        for (key, value) in attributes.sorted(by: { $0.key < $1.key }) { records += Self.record("SCHILY.xattr.\(key)", value) }
        if !records.isEmpty { append("pax", .pax, records, link: "", 0o644, 0, 0, 0) }
        append(String(name.utf8.prefix(100)) ?? "", kind, content, link: String(link.utf8.prefix(100)) ?? "", mode, user, group, time)
    }

    /// The archive with its end.
    var finished: [UInt8] { bytes + [UInt8](repeating: 0, count: 1024) }

    static func tar(_ build: (inout TarBuilder) -> Void) -> [UInt8] {
        var builder = TarBuilder()
        build(&builder)
        return builder.finished
    }

    private static func record(_ key: String, _ value: [UInt8]) -> [UInt8] {
        let body = Array(" \(key)=".utf8) + value + [0x0a]
        var length = body.count + 1
        while String(length).utf8.count + body.count != length { length += 1 }
        return Array(String(length).utf8) + body
    }

    private mutating func append(
        _ name: String, _ kind: Kind, _ content: [UInt8], link: String, _ mode: Int, _ user: Int, _ group: Int, _ time: Int
    ) {
        var header = [UInt8](repeating: 0, count: 512)
        func put(_ text: some Sequence<UInt8>, at offset: Int) { for (index, byte) in text.enumerated() { header[offset + index] = byte } }
        func octal(_ value: Int, _ digits: Int) -> [UInt8] {
            let text = String(value, radix: 8)
            return Array((String(repeating: "0", count: digits - text.count) + text).utf8)
        }
        put(name.utf8, at: 0)
        put(octal(mode, 7), at: 100)
        put(octal(user, 7), at: 108)
        put(octal(group, 7), at: 116)
        put(octal(content.count, 11), at: 124)
        put(octal(time, 11), at: 136)
        put([UInt8](repeating: 0x20, count: 8), at: 148)
        header[156] = kind.rawValue
        put(link.utf8, at: 157)
        put("ustar\u{0}00".utf8, at: 257)
        put(octal(8, 7), at: 329)  // a disk: major 8, minor 0
        put(octal(0, 7), at: 337)
        put(octal(header.reduce(0) { $0 + Int($1) }, 6) + [0, 0x20], at: 148)
        bytes += header + content + [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
    }
}

extension Digest {
    static func of(_ bytes: [UInt8]) -> Digest { Digest(sha256: SHA256.hash(data: bytes)) }
}
