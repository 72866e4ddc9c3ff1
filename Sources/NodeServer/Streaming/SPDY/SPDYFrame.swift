import NIOCore

/// The frames of SPDY/3.1 that exec and port-forward use. Source: SPDY draft 3, section 2.
enum SPDYFrame: Hashable {
    case synStream(id: UInt32, finished: Bool, headerBlock: [UInt8])
    case synReply(id: UInt32, headerBlock: [UInt8])
    case resetStream(id: UInt32, status: UInt32)
    case ping(id: UInt32)
    case goAway(lastStream: UInt32)
    case data(id: UInt32, bytes: ByteBuffer, finished: Bool)
    /// SETTINGS, HEADERS, WINDOW_UPDATE and what is unknown: read, and passed over as the draft allows.
    case other(type: UInt16)

    private static let finishedFlag: UInt8 = 1

    func encoded() -> ByteBuffer {
        var buffer = ByteBuffer()
        switch self {
        case .data(let id, let bytes, let finished):
            buffer.writeInteger(id & 0x7fff_ffff)
            buffer.writeInteger(UInt32(finished ? Self.finishedFlag : 0) << 24 | UInt32(bytes.readableBytes))
            buffer.writeImmutableBuffer(bytes)
        case .synStream(let id, let finished, let block):
            buffer.writeControl(type: 1, flags: finished ? Self.finishedFlag : 0, length: 10 + block.count)
            buffer.writeInteger(id)
            buffer.writeInteger(UInt32(0))
            buffer.writeInteger(UInt16(0))
            buffer.writeBytes(block)
        case .synReply(let id, let block):
            buffer.writeControl(type: 2, flags: 0, length: 4 + block.count)
            buffer.writeInteger(id)
            buffer.writeBytes(block)
        case .resetStream(let id, let status):
            buffer.writeControl(type: 3, flags: 0, length: 8)
            buffer.writeInteger(id)
            buffer.writeInteger(status)
        case .ping(let id):
            buffer.writeControl(type: 6, flags: 0, length: 4)
            buffer.writeInteger(id)
        case .goAway(let last):
            buffer.writeControl(type: 7, flags: 0, length: 8)
            buffer.writeInteger(last)
            buffer.writeInteger(UInt32(0))
        case .other(let type):
            buffer.writeControl(type: type, flags: 0, length: 0)
        }
        return buffer
    }

    /// Takes one whole frame off the front of `buffer`; nil when more bytes are needed.
    static func read(from buffer: inout ByteBuffer) throws(SPDYError) -> SPDYFrame? {
        guard buffer.readableBytes >= 8,
            let first = buffer.getInteger(at: buffer.readerIndex, as: UInt32.self),
            let second = buffer.getInteger(at: buffer.readerIndex + 4, as: UInt32.self)
        else { return nil }
        let length = Int(second & 0x00ff_ffff)
        let isFinished = second >> 24 & UInt32(finishedFlag) != 0
        guard buffer.readableBytes >= 8 + length else { return nil }
        buffer.moveReaderIndex(forwardBy: 8)
        guard var body = buffer.readSlice(length: length) else { return nil }
        guard first & 0x8000_0000 != 0 else { return .data(id: first, bytes: body, finished: isFinished) }
        guard first >> 16 & 0x7fff == 3 else { throw .malformed("version \(first >> 16 & 0x7fff)") }
        let type = UInt16(truncatingIfNeeded: first)
        switch type {
        case 1:
            guard let id = body.readInteger(as: UInt32.self), body.readBytes(length: 6) != nil else { throw .malformed("SYN_STREAM") }
            return .synStream(id: id & 0x7fff_ffff, finished: isFinished, headerBlock: Array(body.readableBytesView))
        case 2:
            guard let id = body.readInteger(as: UInt32.self) else { throw .malformed("SYN_REPLY") }
            return .synReply(id: id & 0x7fff_ffff, headerBlock: Array(body.readableBytesView))
        case 3:
            guard let id = body.readInteger(as: UInt32.self), let status = body.readInteger(as: UInt32.self) else {
                throw .malformed("RST_STREAM")
            }
            return .resetStream(id: id & 0x7fff_ffff, status: status)
        case 6:
            guard let id = body.readInteger(as: UInt32.self) else { throw .malformed("PING") }
            return .ping(id: id)
        case 7:
            guard let last = body.readInteger(as: UInt32.self) else { throw .malformed("GOAWAY") }
            return .goAway(lastStream: last)
        default: return .other(type: type)
        }
    }
}

extension ByteBuffer {
    fileprivate mutating func writeControl(type: UInt16, flags: UInt8, length: Int) {
        writeInteger(UInt16(0x8003))
        writeInteger(type)
        writeInteger(UInt32(flags) << 24 | UInt32(length))
    }
}
