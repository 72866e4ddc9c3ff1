/// Writes a DNS message, with names compressed against those before.
struct DNSWriter {
    private(set) var bytes: [UInt8] = []
    /// Where each name, and each of its tails, was first written.
    private var places: [ArraySlice<[UInt8]>: Int] = [:]

    mutating func uint8(_ value: UInt8) { bytes.append(value) }
    mutating func uint16(_ value: UInt16) { bytes += [UInt8(value >> 8), UInt8(value & 0xff)] }
    mutating func uint32(_ value: UInt32) {
        uint16(UInt16(value >> 16))
        uint16(UInt16(value & 0xffff))
    }
    mutating func append(_ more: some Sequence<UInt8>) { bytes += more }

    /// A name written by `append` at `offset`, made known as a target.
    mutating func remember(_ name: DNSName, at offset: Int) {
        var place = offset
        var rest = name.labels[...]
        while let label = rest.first {
            if place <= 0x3fff { places[rest] = places[rest] ?? place }
            place += label.count + 1
            rest = rest.dropFirst()
        }
    }

    /// - Parameter compressed: false for SRV targets. Source: RFC 2782.
    mutating func name(_ name: DNSName, compressed: Bool = true) {
        var rest = name.labels[...]
        while let label = rest.first {
            if compressed, let place = places[rest] {
                uint16(0xc000 | UInt16(place))
                return
            }
            if bytes.count <= 0x3fff { places[rest] = places[rest] ?? bytes.count }
            uint8(UInt8(label.count))
            append(label)
            rest = rest.dropFirst()
        }
        uint8(0)
    }

    mutating func record(_ record: DNSRecord) {
        name(record.name)
        uint16(record.type)
        uint16(DNSClass.internet)
        uint32(record.ttl)
        let start = bytes.count
        uint16(0)
        switch record.data {
        case .address(let address): append(address.bytes)
        case .alias(let target), .pointer(let target): name(target)
        case .service(let priority, let weight, let port, let target):
            uint16(priority)
            uint16(weight)
            uint16(port)
            name(target, compressed: false)
        case .authority(let server, let mailbox, let serial, let minimum):
            name(server)
            name(mailbox)
            for value in [serial, 7200, 1800, 86400, minimum] { uint32(value) }
        }
        let length = bytes.count - start - 2
        bytes[start] = UInt8(length >> 8)
        bytes[start + 1] = UInt8(length & 0xff)
    }

    /// The writer as it was, for a record that does not fit.
    mutating func attempt(limit: Int, _ write: (inout DNSWriter) -> Void) -> Bool {
        let before = self
        write(&self)
        if bytes.count <= limit { return true }
        self = before
        return false
    }

    mutating func overwrite(uint16 value: UInt16, at offset: Int) {
        bytes[offset] = UInt8(value >> 8)
        bytes[offset + 1] = UInt8(value & 0xff)
    }
}
