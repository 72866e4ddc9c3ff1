/// Where the kernel's cgroup hierarchies are mounted. A value only: `init(mountInfo:)` reads text, never the system.
package enum CgroupLayout: Codable, Hashable, Sendable {
    /// One unified hierarchy with all controllers.
    case v2(mountPoint: String)
    /// One mount point per controller (several controllers may share one), keyed as `/proc/self/cgroup` names them:
    /// `cpu`, `memory`, `name=systemd`, and the empty name for the v2 hierarchy of a hybrid host, which has no
    /// controllers but can kill a whole cgroup.
    case v1(hierarchies: [String: String])

    /// Reads `/proc/self/mountinfo`.
    ///
    /// - Returns: nil when no cgroup file system is mounted.
    /// - Note: fields as in proc_pid_mountinfo(5); the first mount of a hierarchy counts.
    package init?(mountInfo text: String) {
        var hierarchies: [String: String] = [:]
        var unified: String?
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard let dash = fields.firstIndex(of: "-"), dash >= 6, fields.count > dash + 3 else { continue }
            let mountPoint = Self.unescaped(fields[4])
            switch fields[dash + 1] {
            case "cgroup2": unified = unified ?? mountPoint
            case "cgroup":
                for option in fields[dash + 3].split(separator: ",") where Self.isHierarchy(option) {
                    if hierarchies[String(option)] == nil { hierarchies[String(option)] = mountPoint }
                }
            default: break
            }
        }
        if hierarchies.keys.contains(where: { !$0.hasPrefix("name=") }) {
            hierarchies[""] = unified
            self = .v1(hierarchies: hierarchies)
        } else if let unified {
            self = .v2(mountPoint: unified)
        } else {
            return nil
        }
    }

    /// The v1 hierarchies that Berth uses: limits, accounting, devices, and killing. Every other one would only cost a directory per container.
    private static let used = ["cpu", "cpuacct", "memory", "pids", "devices", "hugetlb", ""]

    /// The directories of the cgroup at `path` (relative, such as `kubepods/burstable`), each once, in a stable order.
    ///
    /// - Parameter isFreezable: also the one of the freezer, which OCI runtimes look at.
    package func directories(_ path: String, isFreezable: Bool = false) -> [String] {
        switch self {
        case .v2(let mountPoint): ["\(mountPoint)/\(path)"]
        case .v1(let hierarchies): Set((Self.used + (isFreezable ? ["freezer"] : [])).compactMap { hierarchies[$0] }).sorted().map { "\($0)/\(path)" }
        }
    }

    /// The directory in which `controller`'s files of the cgroup at `path` are; nil when it is not mounted.
    package func directory(_ path: String, controller: String) -> String? {
        switch self {
        case .v2(let mountPoint): "\(mountPoint)/\(path)"
        case .v1(let hierarchies): hierarchies[controller].map { "\($0)/\(path)" }
        }
    }

    package var isUnified: Bool { if case .v2 = self { true } else { false } }

    private static func isHierarchy(_ option: Substring) -> Bool {
        // Mount flags share the field with the controllers.
        !["rw", "ro", "xattr", "noprefix", "clone_children", "cpuset_v2_mode", "favordynmods", "all"].contains(option)
            && !option.hasPrefix("release_agent=")
    }

    /// The kernel writes space, tab, newline and backslash as three octal digits.
    private static func unescaped(_ field: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = field.utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\\"), let code = UInt8(String(decoding: rest.prefix(3), as: UTF8.self), radix: 8) {
                bytes.append(code)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
