/// A domain name as its labels, without the root. Compares without regard to ASCII case, as RFC 4343 wants: labels are
/// kept in lower case.
struct DNSName: Hashable, Sendable, CustomStringConvertible {
    let labels: [[UInt8]]

    init(labels: some Sequence<[UInt8]>) { self.labels = labels.map { $0.map(lowercase) } }

    /// A name in text form, such as `web.default.svc.cluster.local`, with or without the final dot; nil when a label is
    /// empty or longer than 63 bytes, or the name longer than 255. Source: RFC 1035, section 2.3.4.
    init?(_ text: String) {
        let text = text.hasSuffix(".") ? text.dropLast() : text[...]
        let parts = text.isEmpty ? [] : text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.allSatisfy({ (1...63).contains($0.utf8.count) }) else { return nil }
        self.init(labels: parts.map { Array($0.utf8) })
        guard wireLength <= DNSName.maximumLength else { return nil }
    }

    static let maximumLength = 255

    /// Bytes on the wire without compression.
    var wireLength: Int { labels.reduce(1) { $0 + $1.count + 1 } }

    /// The labels before `zone`, as text; nil when this name is not in it.
    func relative(to zone: DNSName) -> [String]? {
        guard labels.count >= zone.labels.count, labels.suffix(zone.labels.count) == zone.labels[...] else { return nil }
        return labels.dropLast(zone.labels.count).map { String(decoding: $0, as: UTF8.self) }
    }

    /// `prefix` in front of this name.
    func prepending(_ prefix: String...) -> DNSName { DNSName(labels: prefix.map { Array($0.utf8) } + labels) }

    var description: String { labels.map { String(decoding: $0, as: UTF8.self) + "." }.joined() }
}

private func lowercase(_ byte: UInt8) -> UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
}
