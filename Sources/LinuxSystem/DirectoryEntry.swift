import Glibc

/// A name in a directory, as the bytes it is: what a container writes need not be UTF-8.
package struct DirectoryEntry: Hashable, Sendable {
    /// Ends with a zero.
    package let bytes: [CChar]
    package let isDirectory: Bool
    package var name: String { String(decoding: bytes.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self) }

    /// Everything in the directory but `.` and `..`, in the directory's own order.
    package static func list(_ directory: CInt, subject: String) throws(SystemCallError) -> [DirectoryEntry] {
        // A new description, so that the reading position is our own; fdopendir takes it over.
        let copy = try systemCall("openat", on: subject) { openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard let stream = fdopendir(copy) else {
            let code = errno
            close(copy)
            throw SystemCallError(call: "fdopendir", subject: subject, code: code)
        }
        defer { closedir(stream) }
        var entries: [DirectoryEntry] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                if errno == 0 { return entries }
                throw SystemCallError(call: "readdir", subject: subject, code: errno)
            }
            let bytes = withUnsafeBytes(of: &entry.pointee.d_name) { raw in raw.prefix { $0 != 0 }.map { CChar(bitPattern: $0) } + [0] }
            let dot = CChar(UInt8(ascii: "."))
            if bytes == [dot, 0] || bytes == [dot, dot, 0] { continue }
            var isDirectory = entry.pointee.d_type == UInt8(DT_DIR)
            if entry.pointee.d_type == UInt8(DT_UNKNOWN) {
                var information = stat()
                isDirectory = fstatat(copy, bytes, &information, AT_SYMLINK_NOFOLLOW) == 0 && information.st_mode & S_IFMT == S_IFDIR
            }
            entries.append(DirectoryEntry(bytes: bytes, isDirectory: isDirectory))
        }
    }

    /// - Throws: `ENOENT` when there is no such directory.
    package static func list(_ path: String) throws(SystemCallError) -> [DirectoryEntry] {
        let directory = try OwnedFileDescriptor(opening: path, flags: O_RDONLY | O_DIRECTORY)
        return try list(directory.rawValue, subject: path)
    }
}
