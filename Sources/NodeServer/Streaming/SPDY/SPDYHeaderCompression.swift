import CZlib
import NIOCore

enum SPDYError: Error, Equatable {
    /// The peer's bytes are not SPDY/3.1.
    case malformed(String)
    case compression(code: CInt)
}

/// Name/value blocks of one session, each direction one zlib stream that lasts as long as the session.
/// Source: SPDY draft 3, section 2.6.10.
final class SPDYHeaderInflater {
    private var stream = z_stream()
    /// A block that grows past this is an attack, not a request. Bytes.
    private static let limit = 64 << 10

    init() throws(SPDYError) {
        let code = inflateInit_(&stream, ZLIB_VERSION, CInt(MemoryLayout<z_stream>.size))
        guard code == Z_OK else { throw .compression(code: code) }
    }

    deinit { inflateEnd(&stream) }

    func headers(from block: [UInt8]) throws(SPDYError) -> [String: String] {
        var plain = ByteBuffer(bytes: try inflated(block))
        guard let count = plain.readInteger(as: UInt32.self), count <= 256 else { throw .malformed("header count") }
        var headers: [String: String] = [:]
        for _ in 0..<count {
            guard let name = plain.readSPDYString(), let value = plain.readSPDYString() else { throw .malformed("header block") }
            headers[name.lowercased()] = value
        }
        return headers
    }

    private func inflated(_ block: [UInt8]) throws(SPDYError) -> [UInt8] {
        var block = block
        var output = [UInt8](repeating: 0, count: Self.limit)
        var produced = 0
        let code: CInt = block.withUnsafeMutableBufferPointer { input in
            output.withUnsafeMutableBufferPointer { room in
                stream.next_in = input.baseAddress
                stream.avail_in = UInt32(input.count)
                stream.next_out = room.baseAddress
                stream.avail_out = UInt32(room.count)
                var code = inflate(&stream, Z_SYNC_FLUSH)
                if code == Z_NEED_DICT {
                    let dictionary = SPDYDictionary.bytes
                    code = inflateSetDictionary(&stream, dictionary, UInt32(dictionary.count))
                    if code == Z_OK { code = inflate(&stream, Z_SYNC_FLUSH) }
                }
                produced = room.count - Int(stream.avail_out)
                return code
            }
        }
        guard code == Z_OK || code == Z_BUF_ERROR, stream.avail_in == 0 else { throw .compression(code: code) }
        return Array(output[..<produced])
    }
}

final class SPDYHeaderDeflater {
    private var stream = z_stream()

    init() throws(SPDYError) {
        var code = deflateInit_(&stream, Z_BEST_SPEED, ZLIB_VERSION, CInt(MemoryLayout<z_stream>.size))
        let dictionary = SPDYDictionary.bytes
        if code == Z_OK { code = deflateSetDictionary(&stream, dictionary, UInt32(dictionary.count)) }
        guard code == Z_OK else { throw .compression(code: code) }
    }

    deinit { deflateEnd(&stream) }

    func block(for headers: [(String, String)]) throws(SPDYError) -> [UInt8] {
        var plain = ByteBuffer()
        plain.writeInteger(UInt32(headers.count))
        for (name, value) in headers {
            plain.writeInteger(UInt32(name.utf8.count))
            plain.writeString(name)
            plain.writeInteger(UInt32(value.utf8.count))
            plain.writeString(value)
        }
        var input = Array(plain.readableBytesView)
        var output = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(input.count))) + 64)
        var produced = 0
        let code: CInt = input.withUnsafeMutableBufferPointer { source in
            output.withUnsafeMutableBufferPointer { room in
                stream.next_in = source.baseAddress
                stream.avail_in = UInt32(source.count)
                stream.next_out = room.baseAddress
                stream.avail_out = UInt32(room.count)
                let code = deflate(&stream, Z_SYNC_FLUSH)
                produced = room.count - Int(stream.avail_out)
                return code
            }
        }
        guard code == Z_OK else { throw .compression(code: code) }
        return Array(output[..<produced])
    }
}

extension ByteBuffer {
    fileprivate mutating func readSPDYString() -> String? {
        guard let length = readInteger(as: UInt32.self) else { return nil }
        return readString(length: Int(length))
    }
}
