import CArchive
import CLinux
import Glibc
import LinuxSystem

/// Writes the entries of one tar below a directory, and nowhere else, however the tar was made.
///
/// Parents are opened by the kernel inside the root, so a symbolic link that leads out leads back in; the last component
/// is created, never opened through. A later entry replaces an earlier one. Used by one thread.
final class TreeUnpacker {
    enum Policy {
        /// A layer: whiteouts become overlayfs's, owners, modes and attributes are kept. Needs root.
        case layer
        /// A container of other files: contents only, everything private to us.
        case contents
    }

    private final class OpenDirectory {
        let path: [CChar]
        let descriptor: OwnedFileDescriptor
        init(path: [CChar], descriptor: consuming OwnedFileDescriptor) {
            self.path = path
            self.descriptor = descriptor
        }
    }

    private(set) var contentBytes = 0
    private(set) var entries = 0
    /// Directories that had to be made but were never described: in a layer, they look like those below.
    private(set) var implicitDirectories: Set<[CChar]> = []

    private let root: RootedDirectory
    private let directory: String
    private let policy: Policy
    private let archive: ArchiveReader
    private let isCancelled: () -> Bool
    /// Where the last entry went: the next one usually goes there too.
    private var parent: OpenDirectory?
    /// Set at the end, because every file made in a directory changes its time.
    private var directoryTimes: [[CChar]: FileTime] = [:]
    private var skippedDevices: Set<[CChar]> = []

    init(_ archive: ArchiveReader, into directory: String, policy: Policy, isCancelled: @escaping () -> Bool) throws(ImageError) {
        self.archive = archive
        self.directory = directory
        self.policy = policy
        self.isCancelled = isCancelled
        do { root = try RootedDirectory(at: directory) } catch { throw ImageError(error, in: directory) }
    }

    /// Writes everything. On an error the directory is left as it is, for the caller to remove.
    func unpack() throws(ImageError) {
        let locale = berth_use_utf8_locale()
        defer { berth_drop_locale(locale) }
        while let pointer = try archive.nextEntry() {
            if isCancelled() { throw .cancelled(archive.subject) }
            let entry = ArchiveEntry(pointer)
            entries += 1
            do {
                try place(entry)
            } catch let error as EntryPath.Unsafe {
                throw .unsafeEntry(archive: archive.subject, entry: entry.text, reason: error.reason)
            } catch let error as ImageError {
                throw error
            } catch let error as SystemCallError {
                throw ImageError(error, in: directory)
            } catch {
                throw .corruptArchive(archive.subject, detail: "\(error)")
            }
        }
        do throws(SystemCallError) {
            for (path, time) in directoryTimes {
                // Replaced by something else since: then there is nothing to set.
                guard let directory = try? root.open(path, flags: O_RDONLY | O_DIRECTORY, symlinks: .refused) else { continue }
                try time.apply(to: directory.rawValue)
            }
        } catch {
            throw .system(error)
        }
    }

    private func place(_ entry: ArchiveEntry) throws {
        guard let text = entry.path else { throw EntryPath.Unsafe(reason: "its name is not text") }
        let path = try EntryPath(text)
        if path.isRoot {
            guard case .directory = entry.kind else { throw EntryPath.Unsafe(reason: "it would replace the root") }
            return try describe(directory: root.descriptor.rawValue, entry, at: [46, 0])
        }
        let directory = try open(parent: path.parent)
        if policy == .layer, let whiteout = try Whiteout(path.name) { return try place(whiteout, in: directory) }
        switch entry.kind {
        case .file: try makeFile(entry, at: path, in: directory)
        case .directory: try makeDirectory(entry, at: path, in: directory)
        case .symbolicLink(let target):
            try replacing(path, in: directory) { symlinkat(target, directory, path.name) }
            try describe(nameless: path.name, in: directory, entry)
        case .hardLink(let target): try makeHardLink(to: target, at: path)
        case .fifo where policy == .layer:
            try replacing(path, in: directory) { mkfifoat(directory, path.name, 0o600) }
            try describe(nameless: path.name, in: directory, entry)
            try systemCall("fchmodat", on: entry.text) { fchmodat(directory, path.name, entry.permissions, 0) }
        case .fifo, .device, .other:
            // A container's devices come from its launch plan; one made by an image could only be a way around it.
            skippedDevices.insert(path.full)
        }
    }

    // MARK: Kinds

    private func makeFile(_ entry: ArchiveEntry, at path: EntryPath, in directory: CInt) throws {
        let number = try replacing(path, in: directory) {
            openat(directory, path.name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        }
        let file = OwnedFileDescriptor(adopting: number)
        var end: Int64 = 0
        while let block = try archive.nextBlock() {
            if isCancelled() { throw ImageError.cancelled(archive.subject) }
            var rest = block.bytes[...]
            var offset = block.offset
            while !rest.isEmpty {
                let piece = UnsafeRawBufferPointer(rebasing: rest)
                let count = try systemCall("write", on: entry.text) { pwrite(file.rawValue, piece.baseAddress, piece.count, off_t(offset)) }
                offset += Int64(count)
                rest = rest.dropFirst(count)
            }
            contentBytes += block.bytes.count
            end = max(end, offset)
        }
        if end < entry.size { try systemCall("ftruncate", on: entry.text) { ftruncate(file.rawValue, off_t(entry.size)) } }
        guard policy == .layer else { return }
        try describe(file.rawValue, entry)
        try entry.modified.apply(to: file.rawValue)
    }

    private func makeDirectory(_ entry: ArchiveEntry, at path: EntryPath, in directory: CInt) throws {
        try makeDirectory(path.name, in: directory)
        implicitDirectories.remove(path.full)
        let made = try systemCall("openat", on: entry.text) { openat(directory, path.name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) }
        let descriptor = OwnedFileDescriptor(adopting: made)
        try describe(directory: descriptor.rawValue, entry, at: path.full)
    }

    /// The name is looked up like any other, and its last component not followed.
    private func makeHardLink(to text: UnsafePointer<CChar>, at path: EntryPath) throws {
        let target = try EntryPath(text)
        if skippedDevices.contains(target.full) {
            skippedDevices.insert(path.full)
            return
        }
        guard !target.isRoot, target != path else { throw EntryPath.Unsafe(reason: "it is a hard link to itself or to the root") }
        do {
            let source = try root.open(target.parent, flags: O_RDONLY | O_DIRECTORY)
            let directory = try open(parent: path.parent)
            try replacing(path, in: directory) { linkat(source.rawValue, target.name, directory, path.name, 0) }
        } catch let error as SystemCallError where [ENOENT, ENOTDIR, EPERM, ELOOP].contains(error.code) {
            throw EntryPath.Unsafe(reason: "it is a hard link to '\(String(cString: text))', which is not a file of this archive")
        }
    }

    private func place(_ whiteout: Whiteout, in directory: CInt) throws {
        switch whiteout {
        case .bookkeeping: break
        case .opaque: try makeOpaque(directory)
        case .name(let name):
            if mknodat(directory, name, S_IFCHR, 0) == 0 { return }
            guard errno == EEXIST else { throw SystemCallError(call: "mknodat", subject: "whiteout", code: errno) }
            // Whiteouts are about lower layers only. What this layer itself has under the name stays.
            let number = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            guard number >= 0 else { return }
            let own = OwnedFileDescriptor(adopting: number)
            try makeOpaque(own.rawValue)
        }
    }

    // MARK: Attributes

    private func describe(directory: CInt, _ entry: ArchiveEntry, at path: [CChar]) throws {
        guard policy == .layer else { return }
        try describe(directory, entry)
        directoryTimes[path] = entry.modified
    }

    /// Owner first: chown(2) takes away set-id bits and capabilities.
    private func describe(_ descriptor: CInt, _ entry: ArchiveEntry) throws {
        let owner = try owner(of: entry)
        try systemCall("fchown", on: entry.text) { fchown(descriptor, owner.user, owner.group) }
        try systemCall("fchmod", on: entry.text) { fchmod(descriptor, entry.permissions) }
        try entry.forEachAttribute { name, value throws(ImageError) in
            guard Self.isKept(attribute: String(cString: name)) else { return }
            do throws(SystemCallError) {
                try systemCall("fsetxattr", on: entry.text) { berth_fsetxattr(descriptor, name, value.baseAddress, UInt(value.count)) }
            } catch {
                // `user.` attributes are a nicety, and not every file system has them; capabilities are not.
                if error.code != ENOTSUP { throw ImageError(error, in: directory) }
            }
        }
    }

    /// What has no descriptor without being opened for its content: links and fifos.
    private func describe(nameless name: [CChar], in directory: CInt, _ entry: ArchiveEntry) throws {
        guard policy == .layer else { return }
        let owner = try owner(of: entry)
        try systemCall("fchownat", on: entry.text) { fchownat(directory, name, owner.user, owner.group, AT_SYMLINK_NOFOLLOW) }
        try entry.modified.apply(to: name, in: directory)
    }

    private func owner(of entry: ArchiveEntry) throws -> (user: uid_t, group: gid_t) {
        guard let owner = entry.owner else { throw EntryPath.Unsafe(reason: "its owner is out of range") }
        return owner
    }

    /// `trusted.` would let an image steer overlayfs, and other `security.` attributes are this machine's own.
    private static func isKept(attribute name: String) -> Bool {
        name == "security.capability" || name.hasPrefix("user.") && !name.hasPrefix("user.overlay.")
    }

    // MARK: Names

    /// The directory of an entry, made with its own parents when missing. Valid until the next call.
    private func open(parent path: [CChar]) throws -> CInt {
        if let parent, parent.path == path { return parent.descriptor.rawValue }
        let found: OpenDirectory
        do throws(SystemCallError) {
            found = try openDirectory(path)
        } catch {
            if error.code == ELOOP || error.code == EXDEV { throw EntryPath.Unsafe(reason: "a link in its path leads nowhere inside") }
            guard error.code == ENOENT || error.code == ENOTDIR else { throw error }
            try makeParents(path)
            found = try openDirectory(path)
        }
        parent = found
        return found.descriptor.rawValue
    }

    private func openDirectory(_ path: [CChar]) throws(SystemCallError) -> OpenDirectory {
        OpenDirectory(path: path, descriptor: try root.open(path, flags: O_RDONLY | O_DIRECTORY))
    }

    private func makeParents(_ path: [CChar]) throws {
        var end = 0
        while end < path.count {
            end = path[(end + 1)...].firstIndex { $0 == 47 || $0 == 0 } ?? path.count
            let prefix = Array(path[..<end]) + [0]
            if (try? root.open(prefix, flags: O_RDONLY | O_DIRECTORY)) != nil {
                if end == path.count - 1 { return }
                continue
            }
            let step: EntryPath = try prefix.withUnsafeBufferPointer { buffer throws(EntryPath.Unsafe) in
                // Not nil: the array has at least its zero.
                try EntryPath(buffer.baseAddress!)
            }
            let above = try root.open(step.parent, flags: O_RDONLY | O_DIRECTORY)
            try makeDirectory(step.name, in: above.rawValue, isImplicit: true)
            implicitDirectories.insert(step.full)
            if end == path.count - 1 { return }
        }
    }

    /// - Parameter isImplicit: nothing in the archive says that it is a directory, so only a whiteout makes room for it.
    private func makeDirectory(_ name: [CChar], in directory: CInt, isImplicit: Bool = false) throws {
        if mkdirat(directory, name, 0o755) == 0 { return }
        guard errno == EEXIST else { throw SystemCallError(call: "mkdirat", subject: "directory", code: errno) }
        let status = try FileStatus(of: name, in: directory)
        if status.kind == .directory { return }
        guard status.isWhiteout || !isImplicit else { throw EntryPath.Unsafe(reason: "a parent of its path is not a directory") }
        try systemCall("unlinkat", on: "directory") { unlinkat(directory, name, 0) }
        try systemCall("mkdirat", on: "directory") { mkdirat(directory, name, 0o755) }
        guard status.isWhiteout else { return }
        let number = try systemCall("openat", on: "directory") { openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) }
        let made = OwnedFileDescriptor(adopting: number)
        try makeOpaque(made.rawValue)
    }

    /// Source: kernel overlayfs guide, "whiteouts and opaque directories".
    private func makeOpaque(_ directory: CInt) throws(SystemCallError) {
        try systemCall("fsetxattr", on: "opaque directory") { berth_fsetxattr(directory, "trusted.overlay.opaque", "y", 1) }
    }

    /// Makes something that must not be there yet; what is there goes.
    @discardableResult
    private func replacing(_ path: EntryPath, in directory: CInt, _ make: () -> CInt) throws(SystemCallError) -> CInt {
        let text = { String(decoding: path.full.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self) }
        do throws(SystemCallError) {
            return try systemCall("create", on: text(), make)
        } catch where error.code == EEXIST {
            if try FileStatus(of: path.name, in: directory).kind == .directory {
                // A directory that goes may be the one whose descriptor is kept; its own parent is `directory`.
                try FileTree.remove(path.name, in: directory)
            } else {
                try systemCall("unlinkat", on: text()) { unlinkat(directory, path.name, 0) }
            }
            return try systemCall("create", on: text(), make)
        }
    }
}
