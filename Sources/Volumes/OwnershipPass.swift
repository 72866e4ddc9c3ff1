import CLinux
import Glibc
import LinuxSystem

/// `fsGroup` of a pod, and whether a volume whose root already carries it is left alone.
package struct FSGroup: Hashable, Sendable {
    package var id: UInt32
    /// `fsGroupChangePolicy: OnRootMismatch`.
    package var onRootMismatch: Bool

    package init(id: UInt32, onRootMismatch: Bool = false) {
        self.id = id
        self.onRootMismatch = onRootMismatch
    }
}

/// Gives a volume to a group: everything group-owned, group-readable and -writable, directories set-group-ID so that
/// new files follow. Source: Kubernetes API, PodSecurityContext.fsGroup.
///
/// Changes only what differs, and the root last: a pass that was cut short is found unfinished and resumed.
enum OwnershipPass {
    static func run(on path: String, for group: FSGroup) throws(VolumeError) {
        try volumeCall { () throws(SystemCallError) in
            let root = try OwnedFileDescriptor(opening: path, flags: O_RDONLY | O_DIRECTORY)
            var information = stat()
            try systemCall("fstat", on: path) { fstat(root.rawValue, &information) }
            if group.onRootMismatch, information.st_gid == group.id, information.st_mode & directoryBits == directoryBits { return }
            try walk(root.rawValue, device: information.st_dev, path: path, group: group.id)
            try apply(group.id, to: root.rawValue, information, path: path)
        }
    }

    private static let fileBits: mode_t = 0o660
    private static let directoryBits: mode_t = 0o2770

    private static func walk(_ root: CInt, device: dev_t, path: String, group: UInt32) throws(SystemCallError) {
        var pending: [[CChar]] = [[CChar(UInt8(ascii: ".")), 0]]
        while let name = pending.popLast() {
            let directory: OwnedFileDescriptor
            do throws(SystemCallError) {
                directory = try OwnedFileDescriptor(opening: name, beneath: root, flags: O_RDONLY | O_DIRECTORY, subject: path)
            } catch where error.code == ENOENT {
                continue  // a pod that has it already may have removed it
            }
            for entry in try DirectoryEntry.list(directory.rawValue, subject: path) {
                let isSameMount = try visit(entry, in: directory.rawValue, device: device, path: path, group: group)
                if entry.isDirectory, isSameMount { pending.append(name.dropLast() + [CChar(UInt8(ascii: "/"))] + entry.bytes) }
            }
        }
    }

    /// - Returns: false for an entry that is gone, or on another mount.
    private static func visit(
        _ entry: DirectoryEntry, in directory: CInt, device: dev_t, path: String, group: UInt32
    ) throws(SystemCallError) -> Bool {
        let number = openat(directory, entry.bytes, O_PATH | O_NOFOLLOW | O_CLOEXEC)
        guard number >= 0 else {
            if errno == ENOENT { return false }
            throw SystemCallError(call: "openat", subject: "\(path)/\(entry.name)", code: errno)
        }
        let file = OwnedFileDescriptor(adopting: number)
        var information = stat()
        try systemCall("fstat", on: path) { fstat(file.rawValue, &information) }
        guard information.st_dev == device else { return false }
        try apply(group, to: file.rawValue, information, path: "\(path)/\(entry.name)")
        return true
    }

    private static func apply(_ group: UInt32, to file: CInt, _ information: stat, path: String) throws(SystemCallError) {
        if information.st_gid != group {
            try systemCall("fchownat", on: path) { berth_chown_descriptor(file, UInt32.max, group) }
        }
        let type = information.st_mode & S_IFMT
        if type == S_IFLNK { return }
        let wanted = information.st_mode & 0o7777 | (type == S_IFDIR ? directoryBits : fileBits)
        // Also when only the owner changed: chown(2) clears set-user-ID and set-group-ID bits.
        if wanted != information.st_mode & 0o7777 || information.st_gid != group {
            try systemCall("chmod", on: path) { chmod("/proc/self/fd/\(file)", wanted) }
        }
    }
}
