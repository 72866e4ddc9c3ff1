package import Glibc

/// Files that survive a power cut whole: after a crash there is the old content or the new, never a part.
package enum DurableFile {
    /// Writes `bytes` beside `path`, flushes, and renames over it; returns when the new name is on disk.
    package static func write(_ bytes: [UInt8], to path: String, mode: mode_t = 0o600) throws(SystemCallError) {
        let temporary = path + ".new"
        do throws(SystemCallError) {
            let file = try OwnedFileDescriptor(opening: temporary, flags: O_WRONLY | O_CREAT | O_TRUNC, mode: mode)
            try bytes.span.withUnsafeBytes { buffer throws(SystemCallError) in try writeAll(buffer, to: file.rawValue, named: temporary) }
            try systemCall("fsync", on: temporary) { fsync(file.rawValue) }
        } catch {
            unlink(temporary)
            throw error
        }
        try systemCall("rename", on: path) { rename(temporary, path) }
        try flushDirectory(of: path)
    }

    /// The whole file; `ENOENT` when there is none, `EFBIG` above `limit` bytes.
    package static func read(_ path: String, limit: Int = 64 << 20) throws(SystemCallError) -> [UInt8] {
        try readAll(OwnedFileDescriptor(opening: path, flags: O_RDONLY), named: path, limit: limit)
    }

    package static func readAll(_ file: borrowing OwnedFileDescriptor, named path: String, limit: Int) throws(SystemCallError) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = try systemCall("read", on: path) { Glibc.read(file.rawValue, &buffer, buffer.count) }
            if count == 0 { return bytes }
            guard bytes.count + count <= limit else { throw SystemCallError(call: "read", subject: path, code: EFBIG) }
            bytes += buffer[..<count]
        }
    }

    /// Every byte, through short writes.
    package static func writeAll(_ bytes: UnsafeRawBufferPointer, to file: CInt, named path: String) throws(SystemCallError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = try systemCall("write", on: path) { Glibc.write(file, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count) }
            rest = rest.dropFirst(written)
        }
    }

    /// Makes a new, renamed or removed name in the directory of `path` durable.
    package static func flushDirectory(of path: String) throws(SystemCallError) {
        let end = path.utf8.lastIndex(of: UInt8(ascii: "/")) ?? path.startIndex
        let parent = end == path.startIndex ? (path.hasPrefix("/") ? "/" : ".") : String(path[..<end])
        let directory = try OwnedFileDescriptor(opening: parent, flags: O_RDONLY | O_DIRECTORY)
        try systemCall("fsync", on: parent) { fsync(directory.rawValue) }
    }
}
