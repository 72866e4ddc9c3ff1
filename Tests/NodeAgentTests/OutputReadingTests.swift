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

    @Test("what is in the pipes at the end is the output, and a process left behind with one of them is not waited for")
    func leftBehind() {
        let (output, errors) = (pipe(), pipe())
        defer { close(errors.write) }  // only now: the process that was left behind
        write(output.write, "said\n", 5)
        close(output.write)
        write(errors.write, "wrong\n", 6)
        #expect(OutputReading([output.read, nil, errors.read]).end() == "said\nwrong\n")
        // Nobody reads any more.
        signal(SIGPIPE, SIG_IGN)
        #expect(write(errors.write, "more", 4) == -1 && errno == EPIPE)
    }

    @Test("a command that goes on is read from, however much it writes, and the first 10 KiB are kept", .timeLimit(.minutes(1)))
    func much() async {
        let ends = pipe()
        let reading = OutputReading([ends.read])
        reading.follow()
        // Waits for its reader: a pipe holds 64 KiB.
        let writing = Task.detached {
            let chunk = [UInt8](repeating: 0x61, count: 4096)
            for _ in 0..<64 { write(ends.write, chunk, chunk.count) }
            close(ends.write)
        }
        await writing.value
        let text = reading.end()
        #expect(text.utf8.count == 10 << 10 && text.utf8.allSatisfy { $0 == 0x61 })
        #expect(reading.end() == text)
    }
}
