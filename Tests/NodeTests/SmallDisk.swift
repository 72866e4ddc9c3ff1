import Foundation
import LinuxSystem

/// An ext4 file system of a few hundred megabytes, for a node that is to run out of them.
struct SmallDisk {
    let mountPoint: String

    /// - Parameter inodes: how many files there is room for.
    static func with(megabytes: Int, inodes: Int, _ body: (SmallDisk) async throws -> Void) async throws {
        // Short, for it is above a node's sockets.
        let mountPoint = "/tmp/berth-disk.\(getpid())"
        let file = "\(mountPoint).img"
        try FileManager.default.createDirectory(atPath: mountPoint, withIntermediateDirectories: true)
        func remove() async throws {
            try await Program.run("/usr/bin/umount", [mountPoint], expecting: nil)
            try FileManager.default.removeItem(atPath: mountPoint)
            try FileManager.default.removeItem(atPath: file)
        }
        do {
            try await Program.run("/usr/bin/truncate", ["-s", "\(megabytes)M", file])
            try await Program.run("/usr/sbin/mkfs.ext4", ["-q", "-m", "0", "-O", "^has_journal", "-N", "\(inodes)", file])
            try await Program.run("/usr/bin/mount", ["-o", "loop", file, mountPoint])
            try await body(SmallDisk(mountPoint: mountPoint))
        } catch {
            try await remove()
            throw error
        }
        try await remove()
    }

    var space: FileSystemSpace { get throws { try FileSystemSpace(of: mountPoint) } }
}
