package import Glibc

/// Directories made on the way to a path.
package enum DirectoryTree {
    /// Makes `path` and its missing parents; existing ones are left as they are.
    package static func make(_ path: String, mode: mode_t = 0o755) throws(SystemCallError) {
        do throws(SystemCallError) {
            try systemCall("mkdir", on: path) { mkdir(path, mode) }
        } catch {
            switch error.code {
            case EEXIST: return
            case ENOENT:
                guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { throw error }
                try make(String(path[..<slash]), mode: 0o755)
                do throws(SystemCallError) {
                    try systemCall("mkdir", on: path) { mkdir(path, mode) }
                } catch where error.code == EEXIST {}
            default: throw error
            }
        }
    }

    /// Makes `path` and its missing parents, and leaves it with exactly this mode: whatever the umask, and also when it was there
    /// before with another, for instance from a package or a restored backup.
    package static func makeOwn(_ path: String, mode: mode_t) throws(SystemCallError) {
        try make(path, mode: mode)
        let directory = try OwnedFileDescriptor(opening: path, flags: O_RDONLY | O_DIRECTORY)
        try systemCall("fchmod", on: path) { fchmod(directory.rawValue, mode) }
    }
}
