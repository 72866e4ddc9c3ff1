import CLinux
package import Glibc

/// Starts a program that outlives us: in its own session, with `/dev/null` as 0, 1 and 2, `descriptors` as 3, 4 and so
/// on, an empty environment and default signals. No code of ours runs between fork and exec. Source: posix_spawn(3).
package func launchDetached(_ path: String, arguments: [String], descriptors: [CInt]) throws(SystemCallError) -> pid_t {
    var argv = arguments.map { strdup($0) } + [nil]
    defer { for pointer in argv { free(pointer) } }
    var pid: pid_t = 0
    let code = berth_spawn_detached(&pid, path, &argv, descriptors, UInt(descriptors.count))
    guard code == 0 else { throw SystemCallError(call: "posix_spawn", subject: path, code: code) }
    return pid
}

/// A descriptor of `path` for execution only, on a detached read-only mount: a process that runs it cannot open its own
/// `/proc/self/exe` for writing. Source: open_tree(2), CVE-2019-5736.
package func openReadOnlyCopy(of path: String) throws(SystemCallError) -> OwnedFileDescriptor {
    OwnedFileDescriptor(adopting: try systemCall("open_tree", on: path) { berth_open_read_only_copy(path) })
}

/// Detaches what is mounted at `path`; what still uses it keeps it until then. Source: umount2(2).
package func unmount(_ path: String) throws(SystemCallError) {
    try systemCall("umount", on: path) { berth_unmount(path) }
}

/// Waits for a child of ours to end. Returns the wait status.
@discardableResult
package func waitForChild(_ pid: pid_t) throws(SystemCallError) -> CInt {
    var status: CInt = 0
    try systemCall("waitpid", on: "process \(pid)") { waitpid(pid, &status, 0) }
    return status
}
