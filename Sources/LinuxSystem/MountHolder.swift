import Glibc

/// A process that keeps a file system in use.
package struct MountHolder: Codable, Hashable, Sendable, CustomStringConvertible {
    package enum Reason: String, Codable, Sendable {
        case openFile = "an open file"
        case workingDirectory = "its working directory"
        case rootDirectory = "its root directory"
        case mount = "a mount in its namespace"
    }

    package var pid: Int32
    /// `comm`, at most 15 bytes.
    package var command: String
    package var reason: Reason

    package var description: String { "\(command) (pid \(pid), \(reason.rawValue))" }

    /// Who uses the file system on `device` (`st_dev`), in any mount namespace. Reads all of /proc: for explaining a
    /// failure, not for every day. Processes that end meanwhile are left out.
    package static func find(device: UInt64, label: String) -> [MountHolder] {
        guard let directory = opendir("/proc") else { return [] }
        defer { closedir(directory) }
        var holders: [MountHolder] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            guard let pid = Int32(name), pid != getpid(), let reason = reason(process: name, device: device, label: label) else { continue }
            holders.append(MountHolder(pid: pid, command: SmallFile.firstLine("/proc/\(name)/comm") ?? "?", reason: reason))
        }
        return holders.sorted { $0.pid < $1.pid }
    }

    private static func reason(process: String, device: UInt64, label: String) -> Reason? {
        if isOn(device, "/proc/\(process)/cwd") { return .workingDirectory }
        if isOn(device, "/proc/\(process)/root") { return .rootDirectory }
        if let files = opendir("/proc/\(process)/fd") {
            defer { closedir(files) }
            while let entry = readdir(files) {
                let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
                if Int(name) != nil, isOn(device, "/proc/\(process)/fd/\(name)") { return .openFile }
            }
        }
        // A process in our own namespace sees the very mount in question; only other namespaces' copies count.
        guard link("/proc/\(process)/ns/mnt") != link("/proc/self/ns/mnt") else { return nil }
        // A process that has ended has no mounts.
        let mounts = (try? MountInfo.read(of: process)) ?? []
        return mounts.contains { $0.device == label } ? .mount : nil
    }

    private static func isOn(_ device: UInt64, _ path: String) -> Bool {
        var information = stat()
        return stat(path, &information) == 0 && UInt64(information.st_dev) == device
    }

    private static func link(_ path: String) -> [CChar] {
        var target = [CChar](repeating: 0, count: 64)
        return readlink(path, &target, target.count) > 0 ? target : []
    }
}
