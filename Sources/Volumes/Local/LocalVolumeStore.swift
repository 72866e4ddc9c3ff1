import Glibc
import LinuxSystem

/// The volumes of `berth.io/local`: each a preallocated ext4 image on a loop device, so that its size is real.
///
///     <directory>/<id>/image         the file system, preallocated
///     <directory>/<id>/volume.json   what it is (`LocalVolume`)
///     <directory>/<id>/data          where it is mounted while staged; empty otherwise
///     <directory>/.new-<id>/         being made; removed and begun again after a crash
///     <directory>/.trash/<id>@<t>/   deleted at Unix time t, purged after the retention window
///
/// Every method is idempotent, holds the volume's own lock (also against another process), and leaves after a crash
/// either the old state or the new one.
package struct LocalVolumeStore: Sendable {
    package let directory: String
    let tools: FilesystemTools
    let deadline: Duration
    let maintenance = Maintenance()

    /// - Parameter deadline: for one operation.
    package init(directory: String, deadline: Duration = .seconds(300)) { self.init(directory: directory, deadline: deadline, tools: FilesystemTools()) }

    init(directory: String, deadline: Duration, tools: FilesystemTools) {
        self.directory = directory
        self.deadline = deadline
        self.tools = tools
    }

    package func mountPoint(of id: String) -> String { "\(directory)/\(id)/data" }
    package func image(of id: String) -> String { "\(directory)/\(id)/image" }
    func record(of id: String) -> String { "\(directory)/\(id)/volume.json" }
    var trash: String { "\(directory)/.trash" }

    /// - Throws: `unknownVolume`.
    package func volume(_ id: String) async throws(VolumeError) -> LocalVolume {
        try Self.validate(id)
        return try await VolumeWork.run("reading volume \(id)", deadline: deadline) { () throws(VolumeError) in
            try LocalVolume.read(from: record(of: id), id: id)
        }
    }

    /// Every volume that is not in the trash, by id. A record that cannot be read fails the whole: without it, a volume
    /// with data would seem not to exist.
    package func volumes() async throws(VolumeError) -> [LocalVolume] {
        try await VolumeWork.run("listing \(directory)", deadline: deadline) { () throws(VolumeError) in
            var found: [LocalVolume] = []
            // Anything else is not ours, such as the lost+found of a disk that is mounted here.
            for name in try Self.names(in: directory) where Self.isIdentifier(name) {
                do throws(VolumeError) {
                    found.append(try LocalVolume.read(from: record(of: name), id: name))
                } catch {
                    guard case .unknownVolume = error else { throw error }
                }
            }
            return found
        }
    }

    /// Runs `body` with the volume's directory locked, and the lock's descriptor.
    /// - Throws: `underMaintenance` while a program is at work on its file system that must not be interrupted.
    func locked<Value: Sendable>(
        _ id: String, _ operation: String, _ body: @escaping @Sendable (CInt) throws(VolumeError) -> Value
    ) async throws(VolumeError) -> Value {
        try Self.validate(id)
        if maintenance.isUnderWay(id) { throw .underMaintenance(id: id) }
        let what = "\(operation) volume \(id)"
        let end = ContinuousClock.now + deadline
        let excuse = { @Sendable [maintenance] in maintenance.isUnderWay(id) ? VolumeError.underMaintenance(id: id) : nil }
        return try await VolumeWork.run(what, deadline: deadline, excuse: excuse) { () throws(VolumeError) in
            let path = "\(directory)/\(id)"
            let lock: OwnedFileDescriptor
            do throws(SystemCallError) {
                lock = try Self.lock(path)
            } catch {
                if error.code == ENOENT { throw .unknownVolume(id: id) }
                throw .failed(error)
            }
            // Nobody waits for it any more, and somebody else may have begun the opposite.
            guard ContinuousClock.now < end else { throw .deadlineExceeded(operation: what, deadline: deadline) }
            let value = try body(lock.rawValue)
            _ = consume lock
            return value
        }
    }

    /// Waits for the lock; freed with the descriptor. Source: flock(2).
    static func lock(_ path: String) throws(SystemCallError) -> OwnedFileDescriptor {
        let descriptor = try OwnedFileDescriptor(opening: path, flags: O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
        try systemCall("flock", on: path) { flock(descriptor.rawValue, LOCK_EX) }
        return descriptor
    }

    static func sync(_ path: String) throws(SystemCallError) {
        let descriptor = try OwnedFileDescriptor(opening: path, flags: O_RDONLY)
        try systemCall("fsync", on: path) { fsync(descriptor.rawValue) }
    }

    static func names(in directory: String) throws(VolumeError) -> [String] {
        do throws(SystemCallError) {
            return try DirectoryEntry.list(directory).map(\.name).sorted()
        } catch {
            if error.code == ENOENT { return [] }
            throw .failed(error)
        }
    }

    /// An id is one path component, a DNS subdomain as Kubernetes names are, and so never one of our dot names.
    static func validate(_ id: String) throws(VolumeError) {
        guard isIdentifier(id) else { throw .invalidIdentifier(id) }
    }

    private static func isIdentifier(_ name: String) -> Bool {
        func isInner(_ byte: UInt8) -> Bool { isEnd(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".") }
        func isEnd(_ byte: UInt8) -> Bool { UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte }
        guard let first = name.utf8.first, let last = name.utf8.last, name.utf8.count <= 252 else { return false }
        return isEnd(first) && isEnd(last) && name.utf8.allSatisfy(isInner)
    }
}
