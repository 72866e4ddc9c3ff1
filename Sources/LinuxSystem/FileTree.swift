import CLinux
import Glibc

/// A directory and everything in it.
package enum FileTree {
    /// Removes `name` in `directory`, and what it contains. Symbolic links are removed, not followed; a mount point is
    /// not entered, and ends the removal with `EXDEV` or `EBUSY`. Something that is not there is no error.
    /// A Swift `String` passes as the name.
    package static func remove(_ name: UnsafePointer<CChar>, in directory: CInt) throws(SystemCallError) {
        let name = Array(UnsafeBufferPointer(start: name, count: strlen(name) + 1))
        var pending: [[CChar]] = [name]
        var flattened = 0
        FaultPoint.pass("removal of a tree")
        // Depth first without recursion: a directory stays on the stack until it is empty.
        while let path = pending.last {
            if try removed(path, in: directory) {
                pending.removeLast()
                continue
            }
            let number = try systemCall("openat2", on: Self.text(path)) {
                berth_openat2(
                    directory, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0,
                    UInt64(BERTH_RESOLVE_BENEATH | BERTH_RESOLVE_NO_XDEV | BERTH_RESOLVE_NO_SYMLINKS))
            }
            let descriptor = OwnedFileDescriptor(adopting: number)
            for child in try entries(of: descriptor) {
                if try removed(child, in: descriptor.rawValue) { continue }
                let deeper = path.dropLast() + [CChar(UInt8(ascii: "/"))] + child
                guard deeper.count > 2048 else {
                    pending.append(deeper)
                    continue
                }
                // A tree may be deeper than a path may be long (PATH_MAX): bring the child up, and go on from there.
                flattened += 1
                let shorter = Array(name.dropLast() + ".\(flattened)".utf8CString)
                try systemCall("renameat", on: Self.text(name)) { renameat(descriptor.rawValue, child, directory, shorter) }
                pending.append(shorter)
            }
        }
    }

    /// The same by its path, which is not `/`. A missing directory above it is no error either.
    package static func remove(path: String) throws(SystemCallError) {
        guard let slash = path.lastIndex(of: "/") else { throw SystemCallError(call: "unlinkat", subject: path, code: EINVAL) }
        let parent: OwnedFileDescriptor
        do throws(SystemCallError) {
            parent = try OwnedFileDescriptor(opening: String(path[...slash]), flags: O_RDONLY | O_DIRECTORY)
        } catch {
            if error.code == ENOENT { return }
            throw error
        }
        try remove(String(path[path.index(after: slash)...]), in: parent.rawValue)
    }

    /// Names in a directory but `.` and `..`, each ending in a zero.
    package static func entries(of directory: borrowing OwnedFileDescriptor) throws(SystemCallError) -> [[CChar]] {
        try DirectoryEntry.list(directory.rawValue, subject: "directory").map(\.bytes)
    }

    private static func text(_ path: [CChar]) -> String {
        String(decoding: path.dropLast().lazy.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Whether the entry is gone; `false` is a directory with something in it.
    private static func removed(_ path: [CChar], in directory: CInt) throws(SystemCallError) -> Bool {
        for flags in [0, AT_REMOVEDIR] {
            do throws(SystemCallError) {
                try systemCall("unlinkat", on: Self.text(path)) { unlinkat(directory, path, flags) }
                return true
            } catch {
                switch error.code {
                case ENOENT: return true
                case EISDIR where flags == 0: continue  // what Linux says for a directory; POSIX has EPERM
                case ENOTEMPTY where flags == AT_REMOVEDIR, EEXIST where flags == AT_REMOVEDIR: return false
                default: throw error
                }
            }
        }
        return false
    }
}
