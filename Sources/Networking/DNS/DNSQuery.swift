/// A query as it came from a client. Source: RFC 1035, section 4.1; RFC 6891 for OPT.
struct DNSQuery: Hashable, Sendable {
    let id: UInt16
    let recursionDesired: Bool
    let question: DNSQuestion
    /// The question section byte by byte: clients that mix cases to make forgery harder want it back unchanged.
    let questionBytes: [UInt8]
    let extensions: Extensions?

    struct Extensions: Hashable, Sendable {
        /// What the client can take in one datagram, in bytes.
        let payloadSize: Int
        let version: UInt8
    }

    static let headerLength = 12

    /// Why there is nothing to resolve.
    enum Refusal: Error, Hashable {
        /// No header, or an answer: answering that could go on for ever between two servers.
        case silence
        case reply(DNSResponseCode, id: UInt16, opcode: UInt16)

        /// A header without sections.
        var message: [UInt8]? {
            guard case .reply(let code, let id, let opcode) = self else { return nil }
            var writer = DNSWriter()
            for value in [id, 0x8000 | opcode << 11 | code.rawValue, 0, 0, 0, 0] { writer.uint16(value) }
            return writer.bytes
        }
    }

    init(parsing bytes: [UInt8]) throws(Refusal) {
        let id: UInt16
        let flags: UInt16
        var reader = DNSReader(bytes)
        do throws(DNSMalformed) {
            id = try reader.uint16()
            flags = try reader.uint16()
        } catch {
            throw .silence
        }
        guard bytes.count >= DNSQuery.headerLength, flags & 0x8000 == 0 else { throw .silence }
        let opcode = flags >> 11 & 0xf
        guard opcode == 0 else { throw .reply(.notImplemented, id: id, opcode: opcode) }
        do throws(DNSMalformed) {
            let counts = [try reader.uint16(), try reader.uint16(), try reader.uint16(), try reader.uint16()]
            guard counts[0] == 1 else { throw DNSMalformed() }
            question = DNSQuestion(name: try reader.name(), type: try reader.uint16(), class: try reader.uint16())
            questionBytes = Array(bytes[DNSQuery.headerLength..<reader.offset])
            var extensions: Extensions?
            for section in 1...3 {
                for _ in 0..<counts[section] {
                    let record = try reader.record()
                    guard record.type == DNSType.opt else { continue }
                    // Once, in the last section, at the root.
                    guard section == 3, extensions == nil, record.name.labels.isEmpty else { throw DNSMalformed() }
                    extensions = Extensions(payloadSize: Int(record.class), version: UInt8(record.ttl >> 16 & 0xff))
                }
            }
            self.extensions = extensions
        } catch {
            throw .reply(.formatError, id: id, opcode: opcode)
        }
        self.id = id
        recursionDesired = flags & 0x0100 != 0
    }

    /// A question of our own, with recursion desired.
    static func message(id: UInt16, question: DNSQuestion) -> [UInt8] {
        var writer = DNSWriter()
        for value in [id, 0x0100, 1, 0, 0, 0] { writer.uint16(value) }
        writer.name(question.name)
        writer.uint16(question.type)
        writer.uint16(question.class)
        return writer.bytes
    }

    /// The largest answer by datagram: what the client offers, at most 1232 bytes, which pass every network unfragmented.
    var datagramLimit: Int { min(max(extensions?.payloadSize ?? 512, 512), 1232) }
    static let streamLimit = 65_535
}
