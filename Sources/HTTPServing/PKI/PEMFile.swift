package import Glibc
package import LinuxSystem

/// Small files that must never be seen half written, and keys that must never be seen at all.
package enum PEMFile {
    /// Nil when there is no such file.
    package static func read(_ path: String) throws(SystemCallError) -> String? {
        do {
            let file = try OwnedFileDescriptor(opening: path, flags: O_RDONLY)
            var bytes: [UInt8] = []
            var chunk = [UInt8](repeating: 0, count: 16384)
            while true {
                let count = try systemCall("read", on: path) { Glibc.read(file.rawValue, &chunk, chunk.count) }
                if count == 0 { return String(decoding: bytes, as: UTF8.self) }
                bytes += chunk[..<count]
            }
        } catch where error.code == ENOENT {
            return nil
        }
    }

    /// It is fine when there is no such file.
    package static func remove(_ path: String) throws(SystemCallError) {
        do {
            try systemCall("unlink", on: path) { unlink(path) }
        } catch where error.code == ENOENT {}
    }

    /// Writes beside `path`, syncs, and renames over it. Makes the directory, 0700, when it is missing.
    package static func write(_ text: String, to path: String, mode: mode_t) throws(SystemCallError) {
        let directory = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        do {
            try systemCall("mkdir", on: directory) { mkdir(directory, 0o700) }
        } catch where error.code == EEXIST {}
        let temporary = "\(path).\(getpid()).new"
        do throws(SystemCallError) {
            let file = try OwnedFileDescriptor(opening: temporary, flags: O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, mode: mode)
            var rest = Array(text.utf8)[...]
            while !rest.isEmpty {
                let count = try systemCall("write", on: temporary) { rest.withUnsafeBytes { Glibc.write(file.rawValue, $0.baseAddress, $0.count) } }
                rest = rest.dropFirst(count)
            }
            try systemCall("fchmod", on: temporary) { fchmod(file.rawValue, mode) }
            try systemCall("fsync", on: temporary) { fsync(file.rawValue) }
            try systemCall("rename", on: path) { rename(temporary, path) }
        } catch {
            unlink(temporary)
            throw error
        }
    }
}
