package import Glibc

/// What a file is, without following a link to find out. Source: stat(2).
package struct FileStatus: Sendable {
    package enum Kind: Hashable, Sendable { case file, directory, symbolicLink, fifo, socket, blockDevice, characterDevice }

    package let kind: Kind
    /// Permission, set-id and sticky bits.
    package let mode: mode_t
    package let user: uid_t
    package let group: gid_t
    package let inode: UInt64
    /// Of the file system it is on.
    package let device: UInt64
    package let links: Int
    /// Bytes: as read, and as taken on disk.
    package let size: Int
    package let diskBytes: Int
    package let modified: FileTime
    /// An overlayfs whiteout: the character device 0/0.
    package let isWhiteout: Bool

    package init(of descriptor: CInt) throws(SystemCallError) {
        var status = stat()
        try systemCall("fstat", on: "descriptor") { fstat(descriptor, &status) }
        self.init(status)
    }

    /// - Parameter name: relative to `directory`; a Swift `String` passes as one.
    package init(of name: UnsafePointer<CChar>, in directory: CInt = AT_FDCWD) throws(SystemCallError) {
        var status = stat()
        try systemCall("fstatat", on: String(cString: name)) { fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) }
        self.init(status)
    }

    private init(_ status: stat) {
        kind =
            switch status.st_mode & S_IFMT {
            case S_IFDIR: .directory
            case S_IFLNK: .symbolicLink
            case S_IFIFO: .fifo
            case S_IFSOCK: .socket
            case S_IFBLK: .blockDevice
            case S_IFCHR: .characterDevice
            default: .file
            }
        mode = status.st_mode & 0o7777
        user = status.st_uid
        group = status.st_gid
        inode = UInt64(status.st_ino)
        device = UInt64(status.st_dev)
        links = Int(status.st_nlink)
        size = Int(status.st_size)
        diskBytes = Int(status.st_blocks) * 512
        modified = FileTime(seconds: status.st_mtim.tv_sec, nanoseconds: status.st_mtim.tv_nsec)
        isWhiteout = kind == .characterDevice && status.st_rdev == 0
    }
}
