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

    /// Whether a file system of that type begins at `path`. Where none does, which is known from its device, the table of mounts is
    /// not read.
    package static func isMounted(_ type: String, at path: String) throws(SystemCallError) -> Bool {
        var (own, above) = (stat(), stat())
        try systemCall("stat", on: path) { stat(path, &own) }
        try systemCall("stat", on: path) { stat("\(path)/..", &above) }
        guard own.st_dev != above.st_dev else { return false }
        return try MountInfo.read().mount(at: path)?.filesystemType == type
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
