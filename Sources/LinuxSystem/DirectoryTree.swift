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
}
