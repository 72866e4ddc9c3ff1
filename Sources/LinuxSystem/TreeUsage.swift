import CLinux
import Glibc

/// What a directory and everything below it take of their file system. Other file systems mounted there do not count, symbolic
/// links are not followed, and a file with several names counts once.
package struct TreeUsage: Hashable, Sendable {
    /// On the disk, which for a sparse file is less than its size.
    package private(set) var bytes = 0
    package private(set) var inodes = 0

    package init() {}

    /// Something that is not there takes nothing, and neither does what goes while it is counted.
    package init(of path: String) throws(SystemCallError) {
        let root: OwnedFileDescriptor
        do throws(SystemCallError) {
            root = try OwnedFileDescriptor(opening: path, flags: O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
        } catch {
            if error.code == ENOENT { return }
            throw error
        }
        var seen: Set<UInt64> = []
        var pending: [(base: Base, path: [CChar])] = [(Base(root), Array(".".utf8CString))]
        while let (base, path) = pending.popLast() {
            guard let directory = try Self.open(path, in: base) else { continue }
            for entry in try DirectoryEntry.list(directory.rawValue, subject: "a directory") {
                var info = stat()
                guard fstatat(directory.rawValue, entry.bytes, &info, AT_SYMLINK_NOFOLLOW) == 0 else { continue }
                if info.st_mode & S_IFMT != S_IFDIR, info.st_nlink > 1, !seen.insert(UInt64(info.st_ino)).inserted { continue }
                inodes += 1
                bytes += Int(info.st_blocks) * 512
                guard info.st_mode & S_IFMT == S_IFDIR else { continue }
                let deeper = path.dropLast() + [CChar(UInt8(ascii: "/"))] + entry.bytes
                if deeper.count <= 2048 {
                    pending.append((base, Array(deeper)))
                } else if let next = try Self.open(entry.bytes, in: Base(borrowing: directory)) {
                    // A tree may be deeper than a path may be long (PATH_MAX): go on from there.
                    pending.append((Base(next), Array(".".utf8CString)))
                }
            }
        }
    }

    package mutating func add(_ other: TreeUsage) {
        bytes += other.bytes
        inodes += other.inodes
    }

    /// Nil when it is gone, no directory any more, or of another file system.
    private static func open(_ path: [CChar], in base: Base) throws(SystemCallError) -> OwnedFileDescriptor? {
        do throws(SystemCallError) {
            return OwnedFileDescriptor(
                adopting: try systemCall("openat2", on: "a directory") {
                    berth_openat2(
                        base.rawValue, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0,
                        UInt64(BERTH_RESOLVE_BENEATH | BERTH_RESOLVE_NO_XDEV | BERTH_RESOLVE_NO_SYMLINKS))
                })
        } catch {
            switch error.code {
            case ENOENT, ENOTDIR, ELOOP, EXDEV, EAGAIN: return nil
            default: throw error
            }
        }
    }

    /// A directory that several paths begin at.
    private final class Base {
        let rawValue: CInt
        private let isOwned: Bool

        init(_ descriptor: consuming OwnedFileDescriptor) {
            rawValue = descriptor.release()
            isOwned = true
        }

        init(borrowing descriptor: borrowing OwnedFileDescriptor) {
            rawValue = descriptor.rawValue
            isOwned = false
        }

        deinit { if isOwned { close(rawValue) } }
    }
}
