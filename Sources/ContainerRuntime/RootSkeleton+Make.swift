import Glibc
package import LinuxSystem
package import PodPlanning

extension RootSkeleton {
    /// Makes the layer, or what is missing of it.
    package func make(at path: String) throws(SystemCallError) {
        for directory in [""] + directories { try DirectoryTree.makeOwn(path + directory, mode: 0o755) }
        for file in files {
            let descriptor = try OwnedFileDescriptor(opening: path + file, flags: O_WRONLY | O_CREAT | O_NOFOLLOW, mode: 0o644)
            try systemCall("fchmod", on: path + file) { fchmod(descriptor.rawValue, 0o644) }  // whatever the umask
        }
    }
}
