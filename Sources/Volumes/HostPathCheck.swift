import Glibc
import LinuxSystem

/// What `hostPath.type` promises, checked and, where it says so, made. Source: Kubernetes API, HostPathVolumeSource;
/// messages as kubelet's, because people search for them.
enum HostPathCheck {
    static func perform(_ path: String, type: String) throws(VolumeError) {
        guard path.hasPrefix("/"), !path.split(separator: "/").contains("..") else {
            throw .invalidPath(path: path, rule: "must be absolute, without '..'")
        }
        switch type {
        case "":
            // Not checked; a missing one is made a directory, as container runtimes do.
            if try kind(of: path) == nil { try makeDirectory(path) }
        case "DirectoryOrCreate":
            if try kind(of: path) == nil { try makeDirectory(path) }
            try expect(S_IFDIR, path, "is not a directory")
        case "Directory": try expect(S_IFDIR, path, "is not a directory")
        case "FileOrCreate":
            if try kind(of: path) == nil { try makeFile(path) }
            try expect(S_IFREG, path, "is not a file")
        case "File": try expect(S_IFREG, path, "is not a file")
        case "Socket": try expect(S_IFSOCK, path, "is not a socket file")
        case "CharDevice": try expect(S_IFCHR, path, "is not a character device")
        case "BlockDevice": try expect(S_IFBLK, path, "is not a block device")
        default: throw .invalidPath(path: type, rule: "is an invalid volume type")
        }
    }

    private static func expect(_ kind: mode_t, _ path: String, _ expectation: String) throws(VolumeError) {
        guard try self.kind(of: path) == kind else { throw .typeCheckFailed(path: path, expectation: expectation) }
    }

    /// The file type bits, symbolic links followed; nil when there is nothing.
    private static func kind(of path: String) throws(VolumeError) -> mode_t? {
        do throws(SystemCallError) {
            let look = try OwnedFileDescriptor(opening: path, flags: O_PATH)
            var information = stat()
            try systemCall("fstat", on: path) { fstat(look.rawValue, &information) }
            return information.st_mode & S_IFMT
        } catch {
            if error.code == ENOENT || error.code == ENOTDIR { return nil }
            throw .failed(error)
        }
    }

    private static func makeDirectory(_ path: String) throws(VolumeError) {
        try volumeCall { () throws(SystemCallError) in try DirectoryTree.make(path, mode: 0o755) }
    }

    /// Its parent must be there. Source: Kubernetes API, HostPathFileOrCreate.
    private static func makeFile(_ path: String) throws(VolumeError) {
        do throws(SystemCallError) {
            let file = try OwnedFileDescriptor(opening: path, flags: O_WRONLY | O_CREAT, mode: 0o644)
            try systemCall("fchmod", on: path) { fchmod(file.rawValue, 0o644) }
        } catch {
            throw .failed(error)
        }
    }
}
