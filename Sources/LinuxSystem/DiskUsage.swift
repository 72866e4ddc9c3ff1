import Glibc

/// What a directory tree takes on disk.
package enum DiskUsage {
    /// Bytes of blocks below `path`, the directory itself included; each file once, whatever its links. Symbolic links are not
    /// followed, and other file systems mounted below are not entered. What disappears meanwhile is not counted.
    ///
    /// - Throws: `ENOENT` when there is no such directory.
    package static func bytes(below path: String) throws(SystemCallError) -> Int {
        let top = try OwnedFileDescriptor(opening: path, flags: O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
        var total = try FileStatus(of: top.rawValue).diskBytes
        var linked: Set<UInt64> = []
        var pending: [[CChar]] = [[CChar(UInt8(ascii: ".")), 0]]
        while let directory = pending.popLast() {
            do throws(SystemCallError) {
                let descriptor = try OwnedFileDescriptor(opening: directory, beneath: top.rawValue, flags: O_RDONLY | O_DIRECTORY, subject: path)
                for entry in try DirectoryEntry.list(descriptor.rawValue, subject: path) {
                    let status: FileStatus
                    do throws(SystemCallError) { status = try FileStatus(of: entry.bytes, in: descriptor.rawValue) } catch { continue }
                    if status.links > 1, !entry.isDirectory, !linked.insert(status.inode).inserted { continue }
                    total += status.diskBytes
                    // Deeper than a path may be long, a tree is not followed: what lies there is small change beside it.
                    let child = directory.dropLast() + [CChar(UInt8(ascii: "/"))] + entry.bytes
                    if entry.isDirectory, child.count < 4096 { pending.append(Array(child)) }
                }
            } catch where [ENOENT, ENOTDIR, ELOOP, EXDEV].contains(error.code) {}
        }
        return total
    }
}
