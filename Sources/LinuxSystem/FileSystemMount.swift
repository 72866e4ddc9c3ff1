import CLinux
import Glibc

/// mount(2) and umount2(2). A path that is given here must be Berth's own: no component that a pod could replace.
package enum FileSystemMount {
    package struct Flags: OptionSet, Sendable {
        package let rawValue: UInt
        package init(rawValue: UInt) { self.rawValue = rawValue }
        package static let readOnly = Flags(rawValue: 1)
        package static let noSUID = Flags(rawValue: 2)
        package static let noDevices = Flags(rawValue: 4)
        package static let noExec = Flags(rawValue: 8)
        package static let bind = Flags(rawValue: 4096)
        package static let isPrivate = Flags(rawValue: 1 << 18)
    }

    package static func mount(
        _ source: String, at target: String, type: String, flags: Flags = [], options: String = ""
    ) throws(SystemCallError) {
        try systemCall("mount", on: target) { berth_volume_mount(source, target, type, flags.rawValue, options) }
        FaultPoint.pass("mount")
    }

    /// File systems that are mounted for pods, and their numbers. Source: statfs(2).
    package enum Kind: UInt, Sendable {
        case tmpfs = 0x0102_1994
        case hugetlbfs = 0x9584_58f6
        case overlay = 0x794c_7630
    }

    /// Whether a file system of that kind begins at `path`; of several there, the one that is seen. The table of mounts is read only where
    /// the kernel does not tell otherwise.
    package static func isMounted(_ kind: Kind, at path: String) throws(SystemCallError) -> Bool {
        var type: UInt = 0
        do throws(SystemCallError) {
            return try systemCall("statx", on: path) { berth_volume_mounted(path, &type) } == 1 && type == kind.rawValue
        } catch where error.code == ENOSYS {
            return try MountInfo.read().mount(at: path)?.filesystemType == "\(kind)"
        }
    }

    /// Whether some file system begins at `path`. Nothing begins where nothing is.
    package static func begins(at path: String) throws(SystemCallError) -> Bool {
        var type: UInt = 0
        do throws(SystemCallError) {
            return try systemCall("statx", on: path) { berth_volume_mounted(path, &type) } == 1
        } catch {
            switch error.code {
            case ENOENT: return false
            case ENOSYS: return try MountInfo.read().mount(at: path) != nil
            default: throw error
            }
        }
    }

    /// - Parameter lazily: takes it out of the tree at once, and away when its last user is gone.
    /// - Returns: false when nothing was mounted there.
    @discardableResult
    package static func unmount(_ target: String, lazily: Bool = false) throws(SystemCallError) -> Bool {
        do throws(SystemCallError) {
            try systemCall("umount", on: target) { berth_volume_unmount(target, lazily ? 1 : 0) }
            FaultPoint.pass("unmount")
            return true
        } catch where error.code == EINVAL || error.code == ENOENT {
            return false
        }
    }
}
