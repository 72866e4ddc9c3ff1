/// The rules that the parts of an image reference follow. Source: distribution/reference, regexp.go.
///
/// Read byte by byte: a regular expression would be compiled anew at every use, and an image is looked up at every start.
enum ReferenceSyntax {
    /// A word character, then at most 127 that may also be dots and hyphens.
    static func isTag(_ bytes: Substring.UTF8View) -> Bool {
        guard let first = bytes.first, bytes.count <= 128 else { return false }
        return isWord(first) && bytes.allSatisfy { isWord($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-") }
    }

    /// DNS labels between dots, or an IPv6 address in brackets; either with a port.
    static func isHost(_ text: String) -> Bool {
        var host = Substring(text)
        if !host.hasSuffix("]"), let colon = host.lastIndex(of: ":") {
            let port = host[host.index(after: colon)...].utf8
            guard !port.isEmpty, port.allSatisfy(isDigit) else { return false }
            host = host[..<colon]
        }
        if host.hasPrefix("["), host.hasSuffix("]") {
            let inside = host.dropFirst().dropLast().utf8
            return !inside.isEmpty && inside.allSatisfy { isHexadecimal($0) || $0 == UInt8(ascii: ":") }
        }
        return host.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
            guard let first = label.first, let last = label.last, isAlphanumeric(first), isAlphanumeric(last) else { return false }
            return label.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
        }
    }

    /// Lower-case words, between them one dot, one or two underscores, or any number of hyphens.
    static func isPathComponent(_ bytes: Substring.UTF8View) -> Bool {
        var separator: [UInt8] = []
        var isInside = false
        for byte in bytes {
            if isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) {
                guard separator.isEmpty || isSeparator(separator) else { return false }
                separator = []
                isInside = true
            } else {
                guard isInside else { return false }
                separator.append(byte)
            }
        }
        return isInside && separator.isEmpty
    }

    private static func isSeparator(_ bytes: [UInt8]) -> Bool {
        [".", "_", "__"].contains { bytes.elementsEqual($0.utf8) } || bytes.allSatisfy { $0 == UInt8(ascii: "-") }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
    private static func isAlphanumeric(_ byte: UInt8) -> Bool { isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) }
    private static func isHexadecimal(_ byte: UInt8) -> Bool { isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20) }
    private static func isWord(_ byte: UInt8) -> Bool { isAlphanumeric(byte) || byte == UInt8(ascii: "_") }
}
