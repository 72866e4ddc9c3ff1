import CLinux
import Glibc

/// SELinux labels of files. Source: selinux(8), xattr(7).
package enum FileLabel {
    private static let attribute = "security.selinux"

    /// Labels a file, or a directory with everything in it that is on the same file system. Symbolic links are labelled, not followed.
    ///
    /// One whose root has the label is left alone. The root is labelled last: a pass that was cut short is found unfinished. A file
    /// system that keeps no labels stays as it is.
    package static func apply(_ context: String, to path: String) throws(SystemCallError) {
        let root = try OwnedFileDescriptor(opening: path, flags: O_PATH | O_NOFOLLOW)
        let status = try FileStatus(of: root.rawValue)
        do throws(SystemCallError) {
            if label(of: root.rawValue) == context { return }
            if status.kind == .directory { try walk(path, device: status.device, context) }
            try set(context, on: root.rawValue, path)
        } catch where error.code == ENOTSUP {}
    }

    /// Nil for a file that has none.
    package static func read(_ path: String) throws(SystemCallError) -> String? {
        let file = try OwnedFileDescriptor(opening: path, flags: O_PATH | O_NOFOLLOW)
        return label(of: file.rawValue)
    }

    private static func walk(_ path: String, device: UInt64, _ context: String) throws(SystemCallError) {
        let root = try OwnedFileDescriptor(opening: path, flags: O_RDONLY | O_DIRECTORY)
        var pending: [[CChar]] = [[CChar(UInt8(ascii: ".")), 0]]
        while let name = pending.popLast() {
            let directory: OwnedFileDescriptor
            do throws(SystemCallError) {
                directory = try OwnedFileDescriptor(opening: name, beneath: root.rawValue, flags: O_RDONLY | O_DIRECTORY, subject: path)
            } catch where error.code == ENOENT {
                continue  // a container that has it already may have removed it
            }
            for entry in try DirectoryEntry.list(directory.rawValue, subject: path) {
                let number = openat(directory.rawValue, entry.bytes, O_PATH | O_NOFOLLOW | O_CLOEXEC)
                guard number >= 0 else {
                    if errno == ENOENT { continue }
                    throw SystemCallError(call: "openat", subject: "\(path)/\(entry.name)", code: errno)
                }
                let file = OwnedFileDescriptor(adopting: number)
                guard try FileStatus(of: file.rawValue).device == device else { continue }
                if entry.isDirectory { pending.append(name.dropLast() + [CChar(UInt8(ascii: "/"))] + entry.bytes) }
                if label(of: file.rawValue) != context { try set(context, on: file.rawValue, "\(path)/\(entry.name)") }
            }
        }
    }

    private static func set(_ context: String, on file: CInt, _ path: String) throws(SystemCallError) {
        let value = Array(context.utf8) + [0]
        try systemCall("setxattr", on: path) { berth_set_attribute(file, attribute, value, UInt(value.count)) }
    }

    private static func label(of file: CInt) -> String? {
        var value = [UInt8](repeating: 0, count: 4096)
        let count = berth_get_attribute(file, attribute, &value, UInt(value.count))
        return count < 0 ? nil : String(decoding: value[..<count].prefix { $0 != 0 }, as: UTF8.self)
    }
}
