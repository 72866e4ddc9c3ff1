import CArchive
import Glibc
import LinuxSystem

/// One entry of a tar, read out of libarchive's own.
struct ArchiveEntry {
    /// Valid until the reader goes on to the next one.
    private let entry: OpaquePointer

    init(_ entry: OpaquePointer) { self.entry = entry }

    enum Kind {
        case file
        case directory
        case symbolicLink(UnsafePointer<CChar>)
        case hardLink(UnsafePointer<CChar>)
        case fifo
        case device
        case other
    }

    /// `nil` when the name is in an encoding that libarchive cannot make bytes of.
    var path: UnsafePointer<CChar>? { archive_entry_pathname(entry) }

    /// For messages.
    var text: String { path.map { String(cString: $0) } ?? "?" }

    var kind: Kind {
        if let target = archive_entry_hardlink(entry) { return .hardLink(target) }
        switch archive_entry_filetype(entry) {
        case S_IFREG: return .file
        case S_IFDIR: return .directory
        case S_IFLNK: return archive_entry_symlink(entry).map { .symbolicLink($0) } ?? .other
        case S_IFIFO: return .fifo
        case S_IFCHR, S_IFBLK: return .device
        default: return .other
        }
    }

    var permissions: mode_t { archive_entry_perm(entry) & 0o7777 }

    /// Numeric; names in the archive mean nothing on this machine. `nil` when out of range.
    var owner: (user: uid_t, group: gid_t)? {
        guard let user = uid_t(exactly: archive_entry_uid(entry)), let group = gid_t(exactly: archive_entry_gid(entry)),
            user != .max, group != .max
        else { return nil }
        return (user, group)
    }

    /// Bytes, holes included.
    var size: Int64 { archive_entry_size(entry) }

    var modified: FileTime { FileTime(seconds: archive_entry_mtime(entry), nanoseconds: archive_entry_mtime_nsec(entry)) }

    /// Calls `body` for every extended attribute. The value is valid during the call.
    func forEachAttribute(_ body: (UnsafePointer<CChar>, UnsafeRawBufferPointer) throws(ImageError) -> Void) throws(ImageError) {
        archive_entry_xattr_reset(entry)
        var name: UnsafePointer<CChar>?
        var value: UnsafeRawPointer?
        var count = 0
        while archive_entry_xattr_next(entry, &name, &value, &count) == ARCHIVE_OK {
            guard let name else { continue }
            try body(name, UnsafeRawBufferPointer(start: value, count: count))
        }
    }
}
