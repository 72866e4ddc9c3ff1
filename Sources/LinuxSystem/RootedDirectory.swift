import CLinux
package import Glibc

/// A directory that paths are resolved in and cannot lead out of, whatever `..` or symbolic links they contain.
///
/// The kernel does the resolving, in one step with the opening, so that nothing can be swapped in between.
/// Magic links (`/proc/self/fd/N`) are not followed. Source: openat2(2).
package struct RootedDirectory: ~Copyable, Sendable {
    package let descriptor: OwnedFileDescriptor

    package enum Symlinks: Sendable {
        /// Followed, as if this directory were `/`.
        case withinRoot
        /// Refused with `ELOOP`, anywhere in the path.
        case refused
    }

    package enum Mounts: Sendable {
        /// A mount point beneath the directory ends the walk with `EXDEV`.
        case refused
        /// What is mounted beneath the directory belongs to it.
        case crossed
    }

    package init(at path: String) throws(SystemCallError) {
        descriptor = try OwnedFileDescriptor(opening: path, flags: O_RDONLY | O_DIRECTORY)
    }

    package init(adopting descriptor: consuming OwnedFileDescriptor) { self.descriptor = descriptor }

    /// - Parameter path: relative to this directory; a leading `/` means the same. A C string, because the kernel's
    ///   paths are bytes; a Swift `String` passes as one.
    /// - Throws: `EXDEV` for a path that leads out of the directory, `ELOOP` for a symbolic link that may not be followed.
    package func open(
        _ path: UnsafePointer<CChar>, flags: CInt, mode: mode_t = 0, symlinks: Symlinks = .withinRoot, mounts: Mounts = .refused
    ) throws(SystemCallError) -> OwnedFileDescriptor {
        let resolve = BERTH_RESOLVE_IN_ROOT | BERTH_RESOLVE_NO_MAGICLINKS
            | (mounts == .refused ? BERTH_RESOLVE_NO_XDEV : 0)
            | (symlinks == .refused ? BERTH_RESOLVE_NO_SYMLINKS : 0)
        let number = try systemCall("openat2", on: String(cString: path)) {
            berth_openat2(descriptor.rawValue, path, flags, UInt32(mode), UInt64(resolve))
        }
        return OwnedFileDescriptor(adopting: number)
    }
}
