import Glibc

/// Bytes and inodes of the file system that holds a path. Source: statvfs(3).
package struct FileSystemSpace: Hashable, Sendable {
    package var capacityBytes: Int
    /// What an unprivileged user can still write.
    package var availableBytes: Int
    package var usedBytes: Int
    package var inodes: Int
    package var availableInodes: Int

    /// Of a file system that cannot be asked.
    package static let unknown = FileSystemSpace(capacityBytes: 0, availableBytes: 0, usedBytes: 0, inodes: 0, availableInodes: 0)

    private init(capacityBytes: Int, availableBytes: Int, usedBytes: Int, inodes: Int, availableInodes: Int) {
        self.capacityBytes = capacityBytes
        self.availableBytes = availableBytes
        self.usedBytes = usedBytes
        self.inodes = inodes
        self.availableInodes = availableInodes
    }

    package init(of path: String) throws(SystemCallError) {
        var values = statvfs()
        try systemCall("statvfs", on: path) { statvfs(path, &values) }
        let block = Int(values.f_frsize)
        capacityBytes = Int(values.f_blocks) * block
        availableBytes = Int(values.f_bavail) * block
        usedBytes = Int(values.f_blocks - values.f_bfree) * block
        inodes = Int(values.f_files)
        availableInodes = Int(values.f_favail)
    }
}
