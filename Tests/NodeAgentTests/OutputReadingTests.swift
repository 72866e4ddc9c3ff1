import Glibc
import Testing

@testable import NodeAgent

@Suite("Output of commands")
struct OutputReadingTests {
    private func pipe() -> (read: CInt, write: CInt) {
        var ends: [CInt] = [-1, -1]
        Glibc.pipe(&ends)
        return (ends[0], ends[1])
    }

    @Test("a process that is left behind with the pipe is not waited for", .timeLimit(.minutes(1)))
    func leftBehind() async {
        let ends = pipe()
        defer { close(ends.write) }  // only now: the process that was left behind
        write(ends.write, "said\n", 5)
        let reading = OutputReading()
        async let text = reading.text(of: ends.read)
        reading.end(in: .milliseconds(100))
        #expect(await text == "said\n")
    }

    @Test("the first 10 KiB are kept, and all of it is read")
    func much() async {
        let ends = pipe()
        let reading = OutputReading()
        async let text = reading.text(of: ends.read)
        let chunk = [UInt8](repeating: 0x61, count: 4096)
        for _ in 0..<64 { write(ends.write, chunk, chunk.count) }
        close(ends.write)
        #expect(await text.utf8.count == 10 << 10)
    }
}
