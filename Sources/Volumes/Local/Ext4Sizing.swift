/// How large an image must be, so that its file system offers the size a claim asked for.
///
/// A claim of 64Mi means 64 MiB of files: 64 MiB can be written, 65 MiB cannot. ext4 needs room of its own for the
/// journal, inode tables and bitmaps, so the image is larger than the claim by about 4 MiB and 4 %. How much exactly depends on the
/// version of mke2fs, so the image is formatted, measured, and corrected until it fits.
enum Ext4Sizing {
    static let blockSize = 4096

    /// Blocks that ext4 keeps for extent conversions, hidden from files: 2 %, at most 4096. Source: ext4
    /// `ext4_calculate_resv_clusters`.
    static func reserve(blocks: Int) -> Int { min(blocks / 50, 4096) }

    /// MiB. 1024 blocks are the smallest journal; a larger volume gets a larger one, for the sake of its write rate.
    static func journalMiB(for bytes: Int) -> Int {
        switch bytes {
        case ..<(1 << 30): 4
        case ..<(8 << 30): 16
        default: 64
        }
    }

    /// Bytes beyond the claim that are still taken as the claimed size.
    static func tolerance(for bytes: Int) -> Int { (256 << 10) + bytes / 1024 }

    /// Beyond the claim, for directories and extent blocks of the files themselves.
    static let slack = 64 << 10

    /// Bytes; the first image tried. 16 bytes of 1024 go to inodes, 2 % to the reserve.
    static func firstImage(for bytes: Int) -> Int {
        rounded(bytes + bytes / 60 + min(bytes / 49, 4096 * blockSize) + (journalMiB(for: bytes) << 20) + (512 << 10))
    }

    static func rounded(_ bytes: Int) -> Int { (bytes + blockSize - 1) / blockSize * blockSize }
}
