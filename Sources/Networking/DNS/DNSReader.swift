/// A message that cannot be read to its end.
struct DNSMalformed: Error, Hashable {}

/// Reads a DNS message front to back. Every access is checked, so hostile bytes end in `DNSMalformed`.
/// Source: RFC 1035, section 4.1.
struct DNSReader {
    let bytes: [UInt8]
    private(set) var offset = 0

    init(_ bytes: [UInt8], at offset: Int = 0) {
        self.bytes = bytes
        self.offset = offset
    }

    mutating func uint8() throws(DNSMalformed) -> UInt8 {
        guard offset < bytes.count else { throw DNSMalformed() }
        defer { offset += 1 }
        return bytes[offset]
    }

    mutating func uint16() throws(DNSMalformed) -> UInt16 {
        let high = UInt16(try uint8())
        return high << 8 | UInt16(try uint8())
    }

    mutating func uint32() throws(DNSMalformed) -> UInt32 {
        let high = UInt32(try uint16())
        return high << 16 | UInt32(try uint16())
    }

    mutating func bytes(_ count: Int) throws(DNSMalformed) -> [UInt8] {
        guard count >= 0, count <= bytes.count - offset else { throw DNSMalformed() }
        defer { offset += count }
        return Array(bytes[offset..<offset + count])
    }

    /// Follows compression pointers, which may only point further to the front: so it ends.
    mutating func name() throws(DNSMalformed) -> DNSName {
        var labels: [[UInt8]] = []
        var length = 1
        var position = offset
        var lowest = offset
        var end: Int?  // where reading goes on: behind the first pointer
        while true {
            guard position < bytes.count else { throw DNSMalformed() }
            let count = Int(bytes[position])
            switch count >> 6 {
            case 0 where count == 0:
                offset = end ?? position + 1
                return DNSName(labels: labels)
            case 0:
                length += count + 1
                guard position + 1 + count <= bytes.count, length <= DNSName.maximumLength else { throw DNSMalformed() }
                labels.append(Array(bytes[position + 1..<position + 1 + count]))
                position += 1 + count
            case 3:
                guard position + 1 < bytes.count else { throw DNSMalformed() }
                let target = (count & 0x3f) << 8 | Int(bytes[position + 1])
                guard target < lowest else { throw DNSMalformed() }
                end = end ?? position + 2
                lowest = target
                position = target
            default:
                throw DNSMalformed()
            }
        }
    }

    /// A resource record's frame; its data stays where it is, because it may hold pointers.
    mutating func record() throws(DNSMalformed) -> RawRecord {
        let name = try name()
        let type = try uint16()
        let `class` = try uint16()
        let ttl = try uint32()
        let length = Int(try uint16())
        let start = offset
        _ = try bytes(length)
        return RawRecord(name: name, type: type, class: `class`, ttl: ttl, data: start..<start + length)
    }

    struct RawRecord {
        let name: DNSName
        let type: UInt16
        let `class`: UInt16
        let ttl: UInt32
        let data: Range<Int>
    }
}
