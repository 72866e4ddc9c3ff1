import Glibc
import LinuxSystem

/// Making the directories that a container's `subPath` names, where the volume does not hold them yet.
extension PodVolumes {
    /// What is missing gets the mode of the volume's own directory, so that whoever may write there may write here; what is
    /// there already is left as it is. The container's mount resolves the path once more, by the same rules: a program that
    /// swaps directories meanwhile gains nothing. Source: kubelet's `SafeMakeDir`.
    ///
    /// - Parameters:
    ///   - path: relative to the volume; symbolic links in it lead nowhere but into the volume.
    ///   - volume: the volume's directory on the host.
    /// - Throws: `failed` with `ENOENT` for a link to nothing, `ENOTDIR` for a file in the way, `EROFS`, `ENOSPC`.
    package func makeSubPath(_ path: String, in volume: String) async throws(VolumeError) {
        try await VolumeWork.run("making \(path) in \(volume)", deadline: deadline) { () throws(VolumeError) in
            try volumeCall { () throws(SystemCallError) in try Self.make(path, in: RootedDirectory(at: volume)) }
        }
    }

    private static func make(_ path: String, in root: borrowing RootedDirectory) throws(SystemCallError) {
        if try exists(path, in: root) { return }
        let mode = try FileStatus(of: root.descriptor.rawValue).mode & 0o777
        var prefix = ""
        for name in path.split(separator: "/") where name != "." {
            let parent = try root.open(prefix.isEmpty ? "/" : prefix, flags: O_PATH | O_DIRECTORY, mounts: .crossed)
            prefix += prefix.isEmpty ? "\(name)" : "/\(name)"
            if try exists(prefix, in: root) { continue }
            do throws(SystemCallError) {
                try systemCall("mkdirat", on: prefix) { mkdirat(parent.rawValue, String(name), mode) }
            } catch where error.code == EEXIST {
                continue  // somebody else was quicker; or a link to nothing, at which the next step fails
            }
            let made = try root.open(prefix, flags: O_RDONLY | O_DIRECTORY, symlinks: .refused, mounts: .crossed)
            try systemCall("fchmod", on: prefix) { fchmod(made.rawValue, mode) }  // whatever the umask
        }
        _ = try root.open(path, flags: O_PATH, mounts: .crossed)
    }

    private static func exists(_ path: String, in root: borrowing RootedDirectory) throws(SystemCallError) -> Bool {
        do throws(SystemCallError) {
            _ = try root.open(path, flags: O_PATH, mounts: .crossed)
            return true
        } catch where error.code == ENOENT {
            return false
        }
    }
}
