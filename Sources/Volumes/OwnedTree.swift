import Glibc
import LinuxSystem

/// Removes a directory that Berth made, with everything in it, and nothing that is mounted in it.
///
/// Neither depth nor names are bounded: a container wrote them. Subdirectories are moved up to the top one level at a
/// time and emptied there, which needs two descriptors and no recursion.
enum OwnedTree {
    /// - Throws: `mountInside` when anything is mounted at or below `path`. Then nothing behind that mount was touched.
    static func remove(_ path: String) throws(VolumeError) {
        try refuseMounts(under: path)
        do throws(SystemCallError) {
            let top = try OwnedFileDescriptor(opening: path, flags: O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
            var moved = 0
            while true {
                let entries = try DirectoryEntry.list(top.rawValue, subject: path)
                if entries.isEmpty { break }
                for entry in entries { try remove(entry, from: top.rawValue, path: path, moved: &moved) }
            }
            try systemCall("rmdir", on: path) { rmdir(path) }
        } catch {
            switch error.code {
            case ENOENT: return
            case EXDEV, EBUSY: throw .mountInside(path: path)
            default: throw .failed(error)
            }
        }
    }

    /// The current mounts of this process's namespace; a race with a new one ends at openat2(2) and rename(2), which
    /// refuse to cross or move a mount point.
    static func refuseMounts(under path: String) throws(VolumeError) {
        let mounts = try volumeCall { () throws(SystemCallError) in try MountInfo.read() }
        if let mount = mounts.mounts(under: path).first { throw .mountInside(path: mount.mountPoint) }
    }

    private static func remove(_ entry: DirectoryEntry, from top: CInt, path: String, moved: inout Int) throws(SystemCallError) {
        guard entry.isDirectory else {
            try systemCall("unlinkat", on: "\(path)/\(entry.name)") { unlinkat(top, entry.bytes, 0) }
            return
        }
        let directory = try OwnedFileDescriptor(
            opening: entry.bytes, beneath: top, flags: O_RDONLY | O_DIRECTORY | O_NOFOLLOW, subject: "\(path)/\(entry.name)")
        for child in try DirectoryEntry.list(directory.rawValue, subject: "\(path)/\(entry.name)") {
            if child.isDirectory {
                try move(child, from: directory.rawValue, to: top, moved: &moved)
            } else {
                try systemCall("unlinkat", on: "\(path)/\(entry.name)/\(child.name)") { unlinkat(directory.rawValue, child.bytes, 0) }
            }
        }
        try systemCall("rmdir", on: "\(path)/\(entry.name)") { unlinkat(top, entry.bytes, AT_REMOVEDIR) }
    }

    private static func move(_ child: DirectoryEntry, from parent: CInt, to top: CInt, moved: inout Int) throws(SystemCallError) {
        while true {
            moved += 1
            do throws(SystemCallError) {
                try systemCall("renameat", on: child.name) { renameat(parent, child.bytes, top, "..berth-removing-\(moved)") }
                return
            } catch where error.code == EEXIST || error.code == ENOTEMPTY || error.code == ENOTDIR {
                continue  // a name of that kind is there already
            }
        }
    }
}
