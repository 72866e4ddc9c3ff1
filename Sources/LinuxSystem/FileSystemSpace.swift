import Glibc

/// Bytes and inodes of the file system that holds a path. Source: statvfs(3).
package struct FileSystemSpace: Hashable, Sendable {
    package var capacityBytes: Int
    /// What an unprivileged user can still write.
    package var availableBytes: Int
    package var inodes: Int
    package var availableInodes: Int

    package init(of path: String) throws(SystemCallError) {
        var values = statvfs()
        try systemCall("statvfs", on: path) { statvfs(path, &values) }
        let block = Int(values.f_frsize)
        capacityBytes = Int(values.f_blocks) * block
        availableBytes = Int(values.f_bavail) * block
        inodes = Int(values.f_files)
        availableInodes = Int(values.f_favail)
    }
}
