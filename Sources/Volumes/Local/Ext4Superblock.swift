import Glibc
import LinuxSystem

/// The parts of an ext4 superblock that tell what a file system is. Source: kernel ext4 guide, "The Super Block".
struct Ext4Superblock: Hashable {
    var uuid: String
    var blockCount: Int
    var freeBlocks: Int
    /// Bytes.
    var blockSize: Int
    /// Unmounted properly, and no error was found since.
    var isClean: Bool

    static let offset = 1024
    static let size = 1024

    /// Nil when `bytes`, the 1024 at offset 1024, are not an ext superblock.
    init?(_ bytes: [UInt8]) {
        guard bytes.count >= Self.size else { return nil }
        func number(_ offset: Int, _ width: Int) -> Int { (0..<width).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) } }
        guard number(0x38, 2) == 0xEF53, number(0x18, 4) <= 6 else { return nil }
        blockSize = 1024 << number(0x18, 4)
        let incompatible = number(0x60, 4)
        let has64Bits = incompatible & 0x80 != 0
        blockCount = number(0x4, 4) | (has64Bits ? number(0x150, 4) << 32 : 0)
        freeBlocks = number(0xC, 4) | (has64Bits ? number(0x158, 4) << 32 : 0)
        uuid = SourceIdentity.text(uuid: Array(bytes[0x68..<0x78]))
        // State 1 is "cleanly unmounted"; the incompatible feature 4 asks for a journal replay first.
        isClean = number(0x3A, 2) & 3 == 1 && incompatible & 0x4 == 0
    }

    /// Nil when the file holds none.
    static func read(from image: String) throws(SystemCallError) -> Ext4Superblock? {
        let file = try OwnedFileDescriptor(opening: image, flags: O_RDONLY)
        var bytes = [UInt8](repeating: 0, count: size)
        let count = try systemCall("pread", on: image) { pread(file.rawValue, &bytes, size, off_t(offset)) }
        return count == size ? Ext4Superblock(bytes) : nil
    }

    /// What a fresh file system offers to files: free blocks less what ext4 holds back for its own extents.
    var usableBytes: Int { (freeBlocks - Ext4Sizing.reserve(blocks: blockCount)) * blockSize }
}
