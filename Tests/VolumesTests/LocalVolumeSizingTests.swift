import Testing
@testable import Volumes

@Suite("Local volume sizing")
struct LocalVolumeSizingTests {
    @Test("the first image is a multiple of a block, and larger than the claim by little", arguments: [1 << 20, 64 << 20, 1 << 30, 100 << 30])
    func image(bytes: Int) {
        let image = Ext4Sizing.firstImage(for: bytes)
        #expect(image % Ext4Sizing.blockSize == 0)
        #expect(image > bytes)
        #expect(image < bytes + bytes / 20 + (66 << 20))
    }

    @Test("ext4's own reserve is two per cent, up to 4096 blocks", arguments: [(100, 2), (16_384, 327), (10_000_000, 4096)])
    func reserve(blocks: Int, expected: Int) { #expect(Ext4Sizing.reserve(blocks: blocks) == expected) }

    @Test("zeros, short input and other file systems are no superblock")
    func noSuperblock() {
        #expect(Ext4Superblock([]) == nil)
        #expect(Ext4Superblock([UInt8](repeating: 0, count: 1024)) == nil)
        #expect(Ext4Superblock([UInt8](repeating: 0xff, count: 1024)) == nil)
    }

    @Test("a superblock gives identity, size and cleanliness")
    func superblock() throws {
        var bytes = [UInt8](repeating: 0, count: 1024)
        bytes[0x38] = 0x53
        bytes[0x39] = 0xEF
        bytes[0x18] = 2  // 4096
        bytes[0x5] = 0x40  // 16384 blocks
        bytes[0xD] = 0x3A
        bytes[0x3A] = 1
        for index in 0..<16 { bytes[0x68 + index] = UInt8(index) }
        let superblock = try #require(Ext4Superblock(bytes))
        #expect(superblock.uuid == "00010203-0405-0607-0809-0a0b0c0d0e0f")
        #expect(superblock.blockCount == 16384)
        #expect(superblock.freeBlocks == 0x3A00)
        #expect(superblock.isClean)
        #expect(superblock.usableBytes == (0x3A00 - 327) * 4096)
        bytes[0x60] = 0x4  // needs recovery
        #expect(try #require(Ext4Superblock(bytes)).isClean == false)
    }

    @Test("an id is one harmless path component", arguments: ["", ".", "..", "a/b", ".trash", "-a", "A", "a\nb", String(repeating: "a", count: 260)])
    func badIDs(id: String) {
        #expect(throws: VolumeError.self) { try LocalVolumeStore.validate(id) }
    }

    @Test("paths in a projection stay inside it", arguments: ["", "/etc/passwd", "a/../b", "..", "..data", "a//b", "a/./b", "a\0b"])
    func badPaths(path: String) {
        #expect(throws: VolumeError.self) { try FileProjection.validate(path) }
    }

    @Test("ordinary projected paths are accepted", arguments: ["a", "a/b.conf", "a/..b", ".hidden", "..a/b".replacing("..a", with: "x")])
    func goodPaths(path: String) throws { try FileProjection.validate(path) }
}
