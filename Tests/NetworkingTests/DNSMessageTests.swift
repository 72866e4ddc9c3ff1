import Testing

@testable import Networking

@Suite("DNS messages")
struct DNSMessageTests {
    /// A query for `text`, type A, as dig sends it.
    private func query(_ text: String, id: UInt16 = 0x1234, payload: UInt16? = nil, version: UInt8 = 0) -> [UInt8] {
        var writer = DNSWriter()
        for value in [id, 0x0120, 1, 0, 0, payload == nil ? 0 : 1] { writer.uint16(value) }
        writer.name(name(text))
        writer.uint16(DNSType.a)
        writer.uint16(DNSClass.internet)
        if let payload {
            writer.uint8(0)
            writer.uint16(DNSType.opt)
            writer.uint16(payload)
            writer.uint32(UInt32(version) << 16)
            writer.uint16(0)
        }
        return writer.bytes
    }

    @Test("a query is read with its extensions")
    func parsing() throws {
        let query = try DNSQuery(parsing: query("web.default", payload: 4096))
        #expect(query.id == 0x1234)
        #expect(query.recursionDesired)
        #expect(query.question == DNSQuestion(name: name("web.default"), type: DNSType.a))
        #expect(query.extensions == .init(payloadSize: 4096, version: 0))
        #expect(query.datagramLimit == 1232)
        #expect(try DNSQuery(parsing: self.query("web.default")).datagramLimit == 512)
    }

    @Test("names compress, and read back as they were")
    func compression() throws {
        var writer = DNSWriter()
        let names = ["web.default.svc.cluster.local", "web-0.web.default.svc.cluster.local", "cluster.local", "local", "web.default.svc.cluster.local"].map(name)
        for name in names { writer.name(name) }
        #expect(writer.bytes.count == 31 + 8 + 2 + 2 + 2)
        var reader = DNSReader(writer.bytes)
        for name in names { #expect(try reader.name() == name) }
    }

    @Test("a pointer to itself, forward or in a circle is refused", arguments: [
        [0xc0, 0x00], [0xc0, 0x02, 0x01, 0x61, 0x00], [0x01, 0x61, 0xc0, 0x00], [0x40, 0x00], [0x80], [0x3f, 0x61], [],
    ] as [[UInt8]])
    func hostileNames(bytes: [UInt8]) {
        var reader = DNSReader(bytes)
        #expect(throws: DNSMalformed.self) { try reader.name() }
    }

    @Test("a name is at most 255 bytes on the wire")
    func longNames() throws {
        let label = String(repeating: "a", count: 63)
        #expect(DNSName("\(label).\(label).\(label).\(String(repeating: "b", count: 61))") != nil)
        #expect(DNSName("\(label).\(label).\(label).\(String(repeating: "b", count: 62))") == nil)
        #expect(DNSName("a..b") == nil)
        #expect(DNSName(label + "a") == nil)
        let wire: [UInt8] = (0..<4).flatMap { _ in [63] + Array(label.utf8) } + [0]
        var reader = DNSReader(wire)
        #expect(throws: DNSMalformed.self) { try reader.name() }
    }

    @Test("answers and half messages get silence, bad ones an error with the same id")
    func refusals() {
        #expect(throws: DNSQuery.Refusal.silence) { try DNSQuery(parsing: []) }
        #expect(throws: DNSQuery.Refusal.silence) { try DNSQuery(parsing: Array(query("a").prefix(11))) }
        var reply = query("a")
        reply[2] |= 0x80
        #expect(throws: DNSQuery.Refusal.silence) { try DNSQuery(parsing: reply) }
        #expect(throws: DNSQuery.Refusal.reply(.formatError, id: 0x1234, opcode: 0)) { try DNSQuery(parsing: query("a").dropLast()) }
        var notify = query("a")
        notify[2] = 0x20
        #expect(throws: DNSQuery.Refusal.reply(.notImplemented, id: 0x1234, opcode: 4)) { try DNSQuery(parsing: notify) }
        #expect(DNSQuery.Refusal.reply(.notImplemented, id: 0x1234, opcode: 4).message == [0x12, 0x34, 0xa0, 0x04, 0, 0, 0, 0, 0, 0, 0, 0])
    }

    @Test("answers that do not fit are cut at a record and marked, the question comes back letter by letter")
    func truncation() throws {
        var bytes = query("many.default")
        bytes[13] = UInt8(ascii: "M")
        let query = try DNSQuery(parsing: bytes)
        let records = (0..<200).map { DNSRecord(name: name("many.default"), ttl: 5, data: .address(IPAddress("10.0.0.\($0)")!)) }  // literal
        let message = DNSResponse(answers: records).serialized(for: query, limit: query.datagramLimit)
        #expect(message.count <= 512)
        #expect(message[2] & 0x02 != 0)
        #expect(Array(message[12..<12 + query.questionBytes.count]) == query.questionBytes)
        let read = try DNSResponse.answers(parsing: message)
        #expect(read == Array(records.prefix(read.count)))
        #expect(read.count > 25)
        let whole = DNSResponse(answers: records).serialized(for: query, limit: DNSQuery.streamLimit)
        #expect(whole[2] & 0x02 == 0)
        #expect(try DNSResponse.answers(parsing: whole) == records)
    }

    @Test("an unknown EDNS version is answered with BADVERS, whose upper bits travel in OPT")
    func badVersion() throws {
        let query = try DNSQuery(parsing: query("a", payload: 1232, version: 1))
        let message = DNSResponse.failure(.badVersion).serialized(for: query, limit: 512)
        #expect(message[3] & 0xf == 0)
        #expect(message[message.count - 6] == 1)
    }

    @Test("no bytes whatever crash the readers", arguments: 0..<8)
    func fuzz(seed: UInt64) {
        var generator = SplitMix(state: seed)
        let seeds = [query("web.default.svc.cluster.local", payload: 4096), query("a"), [UInt8](repeating: 0xc0, count: 40)]
        for round in 0..<4000 {
            var bytes = seeds[round % seeds.count]
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                bytes[place] = UInt8.random(in: .min ... .max, using: &generator)
            }
            if round % 3 == 0 { bytes.removeLast(Int.random(in: 0..<bytes.count, using: &generator)) }
            do throws(DNSQuery.Refusal) {
                let query = try DNSQuery(parsing: bytes)
                #expect(query.questionBytes.count >= 5)
            } catch {
                if let message = error.message { #expect(message.count == 12) }
            }
            do throws(DNSMalformed) { _ = try DNSResponse.answers(parsing: bytes) } catch {}
            _ = isReply(bytes, to: seeds[0])
        }
    }
}

/// A small generator with a seed, so that a failing round can be run again.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
        return value ^ value >> 31
    }
}
