/// One line of `/proc/<pid>/mountinfo`. Source: proc_pid_mountinfo(5).
package struct MountInfo: Hashable, Sendable {
    package var id: Int
    package var parentID: Int
    /// `major:minor` of the file system.
    package var device: String
    /// The directory of the file system that is this mount's root; for a bind mount, its source within the file system.
    package var root: String
    package var mountPoint: String
    package var options: [Substring]
    package var filesystemType: String
    package var source: String

    /// Nil for a line of another shape.
    package init?(line: some StringProtocol) { self.init(Array(line.utf8)[...]) }

    // Bytes, not characters: a node with many pods has hundreds of lines, and they are read for every volume.
    private init?(_ line: ArraySlice<UInt8>) {
        let fields = line.split(separator: UInt8(ascii: " "))
        // "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw": the optional fields end at a lone hyphen.
        guard fields.count >= 9, let hyphen = fields.dropFirst(6).firstIndex(where: { $0.elementsEqual("-".utf8) }), fields.count > hyphen + 2,
            let id = Int(Self.text(fields[0])), let parentID = Int(Self.text(fields[1]))
        else { return nil }
        self.id = id
        self.parentID = parentID
        device = Self.text(fields[2])
        root = Self.unescaped(fields[3])
        mountPoint = Self.unescaped(fields[4])
        options = fields[5].split(separator: UInt8(ascii: ",")).map { Substring(Self.text($0)) }
        filesystemType = Self.unescaped(fields[hyphen + 1])
        source = Self.unescaped(fields[hyphen + 2])
    }

    package static func parse(_ text: String) -> [MountInfo] { parse(Array(text.utf8)) }

    private static func parse(_ bytes: [UInt8]) -> [MountInfo] {
        bytes.split(separator: UInt8(ascii: "\n")).compactMap { MountInfo($0) }
    }

    /// The mounts of a process, in the order they were made.
    package static func read(of process: String = "self") throws(SystemCallError) -> [MountInfo] {
        parse(try SmallFile.bytes("/proc/\(process)/mountinfo", limit: 64 << 20))
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }

    /// The kernel writes space, tab, newline, backslash and `#` as three octal digits.
    private static func unescaped(_ bytes: ArraySlice<UInt8>) -> String {
        guard bytes.contains(UInt8(ascii: "\\")) else { return text(bytes) }
        var result: [UInt8] = []
        var index = bytes.startIndex
        while index < bytes.endIndex {
            if bytes[index] == UInt8(ascii: "\\"), index + 3 < bytes.endIndex, let code = UInt8(text(bytes[index + 1...index + 3]), radix: 8) {
                result.append(code)
                index += 4
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}

extension [MountInfo] {
    /// What is visible at `path`: the last mount made there.
    package func mount(at path: String) -> MountInfo? { last { $0.mountPoint == path } }

    /// Mounts at `path` and below it, innermost last.
    package func mounts(under path: String) -> [MountInfo] {
        filter { $0.mountPoint == path || $0.mountPoint.hasPrefix(path + "/") }
    }
}
