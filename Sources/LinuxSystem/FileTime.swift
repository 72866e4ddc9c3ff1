import Glibc

/// When a file was last changed, since 1970. Kept apart from `timespec`, which several C modules claim as theirs.
package struct FileTime: Hashable, Sendable {
    package var seconds: Int
    package var nanoseconds: Int

    package init(seconds: Int, nanoseconds: Int) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    /// Sets the access and modification time of an open file to this one. Source: futimens(3).
    package func apply(to descriptor: CInt) throws(SystemCallError) {
        let times = both
        try systemCall("futimens", on: "descriptor") { futimens(descriptor, times) }
    }

    /// The same by name, without following a link; a Swift `String` passes as the name.
    package func apply(to name: UnsafePointer<CChar>, in directory: CInt) throws(SystemCallError) {
        let times = both
        try systemCall("utimensat", on: String(cString: name)) { utimensat(directory, name, times, AT_SYMLINK_NOFOLLOW) }
    }

    private var both: [timespec] {
        let time = timespec(tv_sec: seconds, tv_nsec: nanoseconds)
        return [time, time]
    }
}
