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

    /// Whether `found` is the same source.
    package func matches(_ found: SourceIdentity) -> Bool {
        guard inode == found.inode else { return false }
        return filesystemUUID.isEmpty ? device == found.device : filesystemUUID == found.filesystemUUID
    }

    package var description: String {
        filesystemUUID.isEmpty ? "device \(device >> 8):\(device & 0xff) inode \(inode)" : "file system \(filesystemUUID) inode \(inode)"
    }
}
