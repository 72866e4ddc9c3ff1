import CLinux
import Glibc

/// What tells one volume source from another that stands at the same path: after a reboot, a lost mount or a
/// swapped disk the path may lead to an empty or foreign directory.
package struct SourceIdentity: Codable, Hashable, Sendable, CustomStringConvertible {
    /// Of the file system, lower-case with dashes; empty when it has none that can be read.
    package var filesystemUUID: String
    /// `st_dev` as the kernel encodes it. Means nothing after a reboot, so it counts only without a UUID.
    package var device: UInt64
    /// `st_ino` of the root directory or file.
    package var inode: UInt64

    package init(filesystemUUID: String = "", device: UInt64, inode: UInt64) {
        self.filesystemUUID = filesystemUUID
        self.device = device
        self.inode = inode
    }

    /// What stands at `path` now; a symbolic link is followed.
    package init(of path: String) throws(SystemCallError) {
        // Opened for reading only where that has no effect: a device or a FIFO is looked at, never opened.
        let look = try OwnedFileDescriptor(opening: path, flags: O_PATH)
        var information = stat()
        try systemCall("fstat", on: path) { fstat(look.rawValue, &information) }
        device = UInt64(information.st_dev)
        inode = UInt64(information.st_ino)
        filesystemUUID = ""
        let type = information.st_mode & S_IFMT
        guard type == S_IFDIR || type == S_IFREG else { return }
        let file = try OwnedFileDescriptor(opening: "/proc/self/fd/\(look.rawValue)", flags: O_RDONLY | O_NONBLOCK)
        var bytes = [UInt8](repeating: 0, count: 16)
        // A file system without a UUID (tmpfs, overlay) is told by device and inode alone.
        if berth_filesystem_uuid(file.rawValue, &bytes) == 16 { filesystemUUID = Self.text(uuid: bytes) }
    }

    /// 16 bytes as 8-4-4-4-12 hexadecimal digits.
    package static func text(uuid bytes: [UInt8]) -> String {
        let digits = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        return [0..<4, 4..<6, 6..<8, 8..<10, 10..<16].map { digits[$0].joined() }.joined(separator: "-")
    }

    /// Whether `found` is the same source.
    package func matches(_ found: SourceIdentity) -> Bool {
        guard inode == found.inode else { return false }
        return filesystemUUID.isEmpty ? device == found.device : filesystemUUID == found.filesystemUUID
    }

    package var description: String {
        filesystemUUID.isEmpty ? "device \(device >> 8):\(device & 0xff) inode \(inode)" : "file system \(filesystemUUID) inode \(inode)"
    }
}
