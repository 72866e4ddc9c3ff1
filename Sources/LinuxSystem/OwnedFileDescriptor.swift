package import Glibc

/// A descriptor with one owner: closed when the value goes away, exactly once.
package struct OwnedFileDescriptor: ~Copyable, Sendable {
    package let rawValue: CInt

    /// Takes over `rawValue`, which nothing else may close.
    package init(adopting rawValue: CInt) { self.rawValue = rawValue }

    /// `O_CLOEXEC` is always added.
    package init(opening path: String, flags: CInt, mode: mode_t = 0) throws(SystemCallError) {
        rawValue = try systemCall("open", on: path) { open(path, flags | O_CLOEXEC, mode) }
    }

    /// Gives the number away, for instance to a child process; the caller now closes it.
    package consuming func release() -> CInt {
        let descriptor = rawValue
        discard self
        return descriptor
    }

    // Not retried on EINTR: Linux has freed the number by then, and another thread may have it. Source: close(2).
    deinit { close(rawValue) }
}
