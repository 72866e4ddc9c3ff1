import Glibc
import LinuxSystem
import PodPlanning

/// Files of a configMap, secret, downwardAPI or projected volume, replaced all at once.
///
///     ..2026_11_22_15_04_05.1a2b3c4d/   one generation, never changed once `..data` points to it
///     ..data -> ..2026_11_22_...        swapped by rename(2)
///     nginx.conf -> ..data/nginx.conf   what containers open
///
/// The layout is kubelet's, because programs watch `..data`. A container that has a file of an old generation bound by
/// `subPath` keeps it: the bind holds the inode after its name is gone.
struct FileProjection {
    let path: String

    /// - Parameter group: the pod's `fsGroup`; files become readable for it.
    /// - Returns: whether anything changed.
    func write(_ files: [ProjectedFile], group: UInt32? = nil) throws(VolumeError) -> Bool {
        for file in files { try Self.validate(file.path) }
        let files = files.map { file in
            var file = file
            if group != nil { file.mode |= 0o440 }
            return file
        }
        let current = currentGeneration()
        let isSame = try current.map { generation throws(VolumeError) in try holds(files, in: generation, group: group) } ?? false
        let tops = Set(files.compactMap { $0.path.split(separator: "/").first.map(String.init) })
        do throws(SystemCallError) {
            if !isSame {
                let generation = try writeGeneration(files, group: group)
                try makeLink("..data", to: generation)
            }
            for top in tops where link(top) != "..data/\(top)" { try makeLink(top, to: "..data/\(top)") }
        } catch {
            throw .failed(error)
        }
        try removeStale(keeping: tops)
        return !isSame
    }

    /// Relative, no empty, `.` or `..` component, no first component that starts with `..`.
    static func validate(_ path: String) throws(VolumeError) {
        let components = path.split(separator: "/", omittingEmptySubsequences: false)
        guard !path.utf8.contains(0), !components.contains(where: { $0.isEmpty || $0 == "." || $0 == ".." }),
            components.first?.hasPrefix("..") == false, path.utf8.count < 4096
        else { throw .invalidPath(path: path, rule: "must be relative, without '..'") }
    }

    private func currentGeneration() -> String? {
        guard let target = link("..data"), target.hasPrefix(".."), !target.contains("/") else { return nil }
        return target
    }

    private func link(_ name: String) -> String? {
        var target = [CChar](repeating: 0, count: 4096)
        let count = readlink("\(path)/\(name)", &target, target.count)
        return count > 0 ? String(decoding: target.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self) : nil
    }

    /// Whether the generation is exactly these files. Compares by content: after a power cut a file may be short.
    private func holds(_ files: [ProjectedFile], in generation: String, group: UInt32?) throws(VolumeError) -> Bool {
        do throws(SystemCallError) {
            guard try Set(regularFiles(in: generation)) == Set(files.map(\.path)) else { return false }
            for file in files {
                let name = "\(path)/\(generation)/\(file.path)"
                var information = stat()
                try systemCall("lstat", on: name) { lstat(name, &information) }
                guard information.st_mode & 0o7777 == file.mode, information.st_uid == file.owner ?? 0,
                    information.st_gid == group ?? 0, information.st_size == file.content.count,
                    try SmallFile.bytes(name) == file.content
                else { return false }
            }
            return true
        } catch {
            if error.code == ENOENT { return false }
            throw .failed(error)
        }
    }

    private func regularFiles(in generation: String) throws(SystemCallError) -> [String] {
        var found: [String] = []
        var pending = [""]
        while let directory = pending.popLast() {
            for entry in try DirectoryEntry.list("\(path)/\(generation)/\(directory)") {
                let name = directory.isEmpty ? entry.name : "\(directory)/\(entry.name)"
                if entry.isDirectory { pending.append(name) } else { found.append(name) }
            }
        }
        return found
    }

    /// Not synced: after a power cut the volume is written again before the pod starts.
    private func writeGeneration(_ files: [ProjectedFile], group: UInt32?) throws(SystemCallError) -> String {
        let generation = Self.generationName()
        let directory = "\(path)/\(generation)"
        try makeDirectory(directory, group: group)
        var made: Set<String> = []
        for file in files {
            var parent = ""
            for component in file.path.split(separator: "/").dropLast() {
                parent += "/\(component)"
                if made.insert(parent).inserted { try makeDirectory(directory + parent, group: group) }
            }
            let name = "\(directory)/\(file.path)"
            let descriptor = try OwnedFileDescriptor(opening: name, flags: O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600)
            var written = 0
            while written < file.content.count {
                written += try systemCall("write", on: name) {
                    file.content[written...].withUnsafeBytes { Glibc.write(descriptor.rawValue, $0.baseAddress, $0.count) }
                }
            }
            try systemCall("fchown", on: name) { fchown(descriptor.rawValue, file.owner ?? 0, group ?? 0) }
            try systemCall("fchmod", on: name) { fchmod(descriptor.rawValue, mode_t(file.mode)) }
        }
        return generation
    }

    private func makeDirectory(_ name: String, group: UInt32?) throws(SystemCallError) {
        try systemCall("mkdir", on: name) { mkdir(name, 0o755) }
        // The umask may have taken bits away.
        try systemCall("chmod", on: name) { chmod(name, 0o755) }
        if let group { try systemCall("chown", on: name) { chown(name, 0, group) } }
    }

    /// In place of what has the name, if anything does.
    private func makeLink(_ name: String, to target: String) throws(SystemCallError) {
        do throws(SystemCallError) {
            try systemCall("symlink", on: "\(path)/\(name)") { symlink(target, "\(path)/\(name)") }
            return
        } catch where error.code == EEXIST {}
        let temporary = "\(path)/..link_tmp"
        unlink(temporary)
        try systemCall("symlink", on: temporary) { symlink(target, temporary) }
        try systemCall("rename", on: "\(path)/\(name)") { rename(temporary, "\(path)/\(name)") }
    }

    /// Keys that are gone, and generations that `..data` no longer names.
    private func removeStale(keeping tops: Set<String>) throws(VolumeError) {
        let generation = currentGeneration()
        let entries = try volumeCall { () throws(SystemCallError) in try DirectoryEntry.list(path) }
        for entry in entries where entry.name != "..data" && entry.name != generation && !tops.contains(entry.name) {
            if entry.isDirectory {
                if entry.name.hasPrefix("..") { try OwnedTree.remove("\(path)/\(entry.name)") }
            } else {
                unlink("\(path)/\(entry.name)")
            }
        }
    }

    private static func generationName() -> String {
        var now = time(nil)
        var parts = tm()
        gmtime_r(&now, &parts)
        let digits = [parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec]
            .map { $0 < 10 ? "0\($0)" : "\($0)" }
        return "..\(digits.joined(separator: "_")).\(String(UInt32.random(in: 0 ... .max), radix: 16))"
    }
}
