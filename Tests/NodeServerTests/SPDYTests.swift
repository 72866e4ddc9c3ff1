import NIOCore
@testable import NodeServer
import Testing

@Suite("SPDY/3.1")
struct SPDYTests {
    @Test("the dictionary is the specification's: 1423 bytes, Adler-32 as zlib announces it")
    func dictionary() {
        var (a, b): (UInt32, UInt32) = (1, 0)
        for byte in SPDYDictionary.bytes {
            a = (a + UInt32(byte)) % 65521
            b = (b + a) % 65521
        }
        #expect(SPDYDictionary.bytes.count == 1423)
        #expect(b << 16 | a == 0xe3c6_a7c2)
    }

    @Test("header blocks survive the trip, one after the other on one zlib stream")
    func headers() throws {
        let (deflater, inflater) = (try SPDYHeaderDeflater(), try SPDYHeaderInflater())
        for index in 0..<5 {
            let block = try deflater.block(for: [("streamtype", "stdin"), ("port", "\(index)"), ("requestid", "\(index)")])
            #expect(try inflater.headers(from: block) == ["streamtype": "stdin", "port": "\(index)", "requestid": "\(index)"])
        }
    }

    @Test("rubbish in a header block is an error, not a crash", arguments: [[UInt8](), [0], [0x78, 0x9c, 1, 2, 3], Array(repeating: 0xff, count: 100)])
    func rubbish(block: [UInt8]) throws {
        let inflater = try SPDYHeaderInflater()
        #expect(throws: SPDYError.self) { try inflater.headers(from: block) }
    }

    static let frames: [SPDYFrame] = [
        .synStream(id: 1, finished: false, headerBlock: [1, 2, 3]), .synReply(id: 1, headerBlock: [9]), .resetStream(id: 3, status: 5),
        .ping(id: 7), .goAway(lastStream: 9), .data(id: 5, bytes: ByteBuffer(string: "hello"), finished: true),
        .data(id: 5, bytes: ByteBuffer(), finished: false), .other(type: 4),
    ]

    @Test("a frame reads as it was written, also when its bytes come one by one", arguments: frames)
    func roundTrip(frame: SPDYFrame) throws {
        var arrived = ByteBuffer()
        let bytes = Array(frame.encoded().readableBytesView)
        for byte in bytes.dropLast() {
            arrived.writeInteger(byte)
            let early = try SPDYFrame.read(from: &arrived)
            #expect(early == nil)
        }
        arrived.writeInteger(try #require(bytes.last))
        let read = try SPDYFrame.read(from: &arrived)
        #expect(read == frame)
        #expect(arrived.readableBytes == 0)
    }

    @Test("a frame of another version is refused")
    func version() {
        var bytes = ByteBuffer(bytes: [0x80, 2, 0, 6, 0, 0, 0, 4, 0, 0, 0, 1])
        #expect(throws: SPDYError.self) { try SPDYFrame.read(from: &bytes) }
    }
}
