/// An answer before it is written.
struct DNSResponse: Hashable, Sendable {
    var code = DNSResponseCode.success
    var isAuthoritative = true
    var answers: [DNSRecord] = []
    var authority: [DNSRecord] = []
    /// Helpful, and the first to go when room is short.
    var additional: [DNSRecord] = []

    /// - Parameter limit: bytes. Answers that do not fit are left out and the message marked truncated, so that the client
    ///   asks again by TCP.
    func serialized(for query: DNSQuery, limit: Int) -> [UInt8] {
        var writer = DNSWriter()
        for value in [query.id, 0, 1, 0, 0, 0] { writer.uint16(value) }
        writer.append(query.questionBytes)
        // The name starts the question, unless a client compressed it against nothing, which the reader refuses.
        writer.remember(query.question.name, at: DNSQuery.headerLength)
        let room = limit - (query.extensions == nil ? 0 : 11)

        var isTruncated = false
        var counts: [UInt16] = []
        for section in [answers, authority, additional] {
            let written = isTruncated ? 0 : section.prefix { record in writer.attempt(limit: room) { $0.record(record) } }.count
            counts.append(UInt16(written))
            if counts.count < 3, written < section.count { isTruncated = true }
        }
        if query.extensions != nil {
            counts[2] += 1
            writer.uint8(0)
            writer.uint16(DNSType.opt)
            writer.uint16(1232)
            writer.uint32(UInt32(code.rawValue >> 4) << 24)
            writer.uint16(0)
        }
        // QR, and RA: other names are looked up for the client.
        let flags: UInt16 =
            0x8080 | (isAuthoritative ? 0x0400 : 0) | (isTruncated ? 0x0200 : 0) | (query.recursionDesired ? 0x0100 : 0)
            | code.rawValue & 0xf
        writer.overwrite(uint16: flags, at: 2)
        for (index, count) in counts.enumerated() { writer.overwrite(uint16: count, at: 6 + 2 * index) }
        return writer.bytes
    }

    static func failure(_ code: DNSResponseCode) -> DNSResponse { DNSResponse(code: code, isAuthoritative: false) }

    /// The address and alias records of an answer that another server gave.
    static func answers(parsing bytes: [UInt8]) throws(DNSMalformed) -> [DNSRecord] {
        var reader = DNSReader(bytes, at: 4)
        let questions = try reader.uint16()
        let count = try reader.uint16()
        _ = try reader.uint32()
        for _ in 0..<questions {
            _ = try reader.name()
            _ = try reader.uint32()
        }
        var records: [DNSRecord] = []
        for _ in 0..<count {
            let raw = try reader.record()
            guard raw.class == DNSClass.internet else { continue }
            switch (raw.type, raw.data.count) {
            case (DNSType.a, 4), (DNSType.aaaa, 16):
                records.append(DNSRecord(name: raw.name, ttl: raw.ttl, data: .address(IPAddress(bytes: Array(bytes[raw.data])))))
            case (DNSType.cname, _):
                var target = DNSReader(bytes, at: raw.data.lowerBound)
                records.append(DNSRecord(name: raw.name, ttl: raw.ttl, data: .alias(try target.name())))
            default: break
            }
        }
        return records
    }
}
