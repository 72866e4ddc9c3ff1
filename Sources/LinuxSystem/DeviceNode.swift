package import Glibc

/// A device node of the host. Source: mknod(2).
package struct DeviceNode: Hashable, Sendable {
    package let path: String
    package let isBlock: Bool
    package let major: UInt32
    package let minor: UInt32
    /// Permissions only.
    package let mode: mode_t

    /// Every node beneath `directory`, in order of path; symbolic links and other file systems' mounts are not followed.
    package static func list(beneath directory: String) throws(SystemCallError) -> [DeviceNode] {
        var found: [DeviceNode] = []
        for entry in try DirectoryEntry.list(directory) {
            let path = "\(directory)/\(entry.name)"
            var status = stat()
            guard lstat(path, &status) == 0 else { continue }  // gone meanwhile
            switch status.st_mode & S_IFMT {
            case S_IFDIR:
                var parent = stat()
                if lstat(directory, &parent) == 0, parent.st_dev == status.st_dev { found += try list(beneath: path) }
            case S_IFBLK, S_IFCHR:
                let number = status.st_rdev
                found.append(
                    DeviceNode(
                        path: path, isBlock: status.st_mode & S_IFMT == S_IFBLK, major: UInt32(number >> 8 & 0xfff | number >> 32 & 0xffff_f000),
                        minor: UInt32(number & 0xff | number >> 12 & 0xffff_ff00), mode: status.st_mode & 0o7777))
            default: break
            }
        }
        return found.sorted { $0.path < $1.path }
    }
}
