import Glibc
import LinuxSystem
import Testing

@Suite("Programs that outlive us")
struct ProgramLaunchTests {
    @Test("their descriptors are in order, whatever the numbers were here", arguments: [3, 4, 199, 200, 201, 202])
    func numbers(lowest: CInt) throws {
        let input = try DescriptorPipe().release()
        let output = try DescriptorPipe().release()
        let readEnd = OwnedFileDescriptor(adopting: input.readEnd)
        let source = OwnedFileDescriptor(adopting: input.writeEnd)
        let result = OwnedFileDescriptor(adopting: output.readEnd)
        let writeEnd = OwnedFileDescriptor(adopting: output.writeEnd)
        // The second of the two stands where the first may have to go by.
        let second = OwnedFileDescriptor(adopting: fcntl(readEnd.rawValue, F_DUPFD_CLOEXEC, lowest))
        #expect(write(source.rawValue, "text", 4) == 4)
        _ = consume source
        let pid = try launchDetached("/bin/sh", arguments: ["sh", "-c", "head -c 4 <&4 >&3"], descriptors: [writeEnd.rawValue, second.rawValue])
        #expect(try waitForChild(pid) == 0)
        _ = consume writeEnd
        var bytes = [UInt8](repeating: 0, count: 16)
        _ = fcntl(result.rawValue, F_SETFL, 0)
        #expect(read(result.rawValue, &bytes, bytes.count) == 4 && bytes.starts(with: "text".utf8))
    }
}
