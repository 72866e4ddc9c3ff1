import CLinux
import Glibc

extension OwnedFileDescriptor {
    /// Opens `path` below an open directory: never through a symbolic link, never out of it, and never onto another
    /// mount. Source: openat2(2).
    /// - Throws: `EXDEV` when a mount is in the way, `ELOOP` for a symbolic link.
    package init(opening path: [CChar], beneath directory: CInt, flags: CInt, subject: String) throws(SystemCallError) {
        let descriptor = try systemCall("openat2", on: subject) { berth_open_beneath(directory, path, flags, 0) }
        self.init(adopting: descriptor)
    }
}

/// The same on every architecture, but behind `_GNU_SOURCE`: a descriptor that names a file without opening it, so that
/// a device, FIFO or symbolic link can be looked at. Source: open(2), asm-generic/fcntl.h.
package let O_PATH: CInt = 0o10000000
