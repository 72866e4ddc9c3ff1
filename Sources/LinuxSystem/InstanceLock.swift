import Glibc

/// A file lock that one process holds as long as it lives; the kernel drops it however the process ends.
package struct InstanceLock: ~Copyable, Sendable {
    private let file: OwnedFileDescriptor

    /// Nil when another process holds it. The holder's pid is written into the file for whoever asks.
    package init?(path: String) throws(SystemCallError) {
        let file = try OwnedFileDescriptor(opening: path, flags: O_RDWR | O_CREAT, mode: 0o600)
        do throws(SystemCallError) {
            try systemCall("flock", on: path) { flock(file.rawValue, LOCK_EX | LOCK_NB) }
        } catch where error.code == EWOULDBLOCK {
            return nil
        }
        let text = Array("\(getpid())\n".utf8)
        try systemCall("ftruncate", on: path) { ftruncate(file.rawValue, 0) }
        try systemCall("write", on: path) { write(file.rawValue, text, text.count) }
        self.file = file
    }
}
