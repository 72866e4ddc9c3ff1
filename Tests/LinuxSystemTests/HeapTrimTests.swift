import Glibc
import LinuxSystem
import Testing

@Suite("Heap")
struct HeapTrimTests {
    private func residentBytes() throws -> Int {
        let fields = try SmallFile.text("/proc/self/statm").split(separator: " ")
        return (Int(fields[1]) ?? 0) * sysconf(CInt(_SC_PAGESIZE))
    }

    @Test("what is free below something in use is given back, once")
    func trim() throws {
        var trim = HeapTrim()
        trim.giveBack()
        // Below the size from which malloc asks for pages of their own.
        let blocks = (0..<1024).map { _ in UnsafeMutableRawPointer.allocate(byteCount: 64 << 10, alignment: 16) }
        for block in blocks { memset(block, 1, 64 << 10) }
        for (index, block) in blocks.enumerated() where index % 32 != 31 { block.deallocate() }
        let before = try residentBytes()
        let hasGiven = trim.giveBack()
        #expect(hasGiven)
        #expect(try residentBytes() < before - 32 << 20)
        for (index, block) in blocks.enumerated() where index % 32 == 31 { block.deallocate() }
    }
}
