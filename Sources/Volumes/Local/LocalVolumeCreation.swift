import CLinux
package import FoundationEssentials
import Glibc
import LinuxSystem

extension LocalVolumeStore {
    /// Makes the volume, or finds it made: a crash after any step is repaired by asking again.
    ///
    /// - Throws: `noSpace` before anything is written when the file system below has no room for all of it.
    package func create(_ specification: LocalVolumeSpecification, at time: Date = Date()) async throws(VolumeError) -> LocalVolume {
        let id = specification.id
        try Self.validate(id)
        return try await VolumeWork.run("creating volume \(id)", deadline: deadline) { () throws(VolumeError) in
            let partial = "\(directory)/.new-\(id)"
            let lock = try volumeCall { () throws(SystemCallError) in
                try DirectoryTree.make(directory, mode: 0o700)
                try DirectoryTree.make(partial, mode: 0o700)
                return try Self.lock(partial)
            }
            if access("\(directory)/\(id)", F_OK) == 0 {
                try Self.discard(partial)
                return try LocalVolume.read(from: record(of: id), id: id)
            }
            let volume: LocalVolume
            do throws(VolumeError) {
                volume = try build(specification, in: partial, at: time)
            } catch let failure {
                // The first failure is the one to report; what is left is begun again from the start.
                do throws(VolumeError) { try Self.discard(partial) } catch {}
                throw failure
            }
            _ = consume lock
            return volume
        }
    }

    private func build(_ specification: LocalVolumeSpecification, in partial: String, at time: Date) throws(VolumeError) -> LocalVolume {
        let uuid = try volumeCall { () throws(SystemCallError) in
            try SmallFile.text("/proc/sys/kernel/random/uuid").filter { !$0.isNewline }
        }
        try format("\(partial)/image", uuid: uuid, for: specification.capacityBytes)
        let volume = LocalVolume(
            id: specification.id, capacityBytes: specification.capacityBytes, filesystemUUID: uuid,
            claimNamespace: specification.claimNamespace, claimName: specification.claimName, claimUID: specification.claimUID, createdAt: time)
        try volume.write(to: "\(partial)/volume.json")
        let final = "\(directory)/\(specification.id)"
        try volumeCall { () throws(SystemCallError) in
            try DirectoryTree.make("\(partial)/data", mode: 0o700)
            try Self.sync(partial)
            try systemCall("rename", on: final) { rename(partial, final) }
            try Self.sync(directory)
        }
        return volume
    }

    /// Formats, measures and corrects until the file system offers what was asked for.
    private func format(_ image: String, uuid: String, for bytes: Int) throws(VolumeError) {
        guard bytes > 0 else { throw .noSpace(path: image, requested: bytes) }
        var size = Ext4Sizing.firstImage(for: bytes)
        var best: Int?
        for _ in 0..<6 {
            try preallocate(image, from: 0, to: size)
            try tools.makeFilesystem(in: image, uuid: uuid, for: bytes)
            guard let superblock = try volumeCall({ () throws(SystemCallError) in try Ext4Superblock.read(from: image) }) else {
                throw .wrongFilesystem(id: image, expected: uuid, found: "")
            }
            let surplus = superblock.usableBytes - bytes - Ext4Sizing.slack
            if surplus >= 0 {
                if surplus <= Ext4Sizing.tolerance(for: bytes) || best == size { break }
                best = size
            }
            size = Ext4Sizing.rounded(size - surplus)
        }
        try volumeCall { () throws(SystemCallError) in try Self.sync(image) }
    }

    /// Gives the file exactly `size` bytes, every one of them allocated. From 0 it begins again empty.
    func preallocate(_ image: String, from oldSize: Int, to size: Int) throws(VolumeError) {
        let created = oldSize == 0
        do throws(SystemCallError) {
            let parent = String(image[..<(image.lastIndex(of: "/") ?? image.startIndex)])
            let file = try OwnedFileDescriptor(opening: image, flags: O_RDWR | O_CREAT | O_CLOEXEC, mode: 0o600)
            if created { try systemCall("ftruncate", on: image) { ftruncate(file.rawValue, 0) } }
            guard try FileSystemSpace(of: parent).availableBytes >= size - oldSize else {
                throw SystemCallError(call: "fallocate", subject: image, code: ENOSPC)
            }
            do throws(SystemCallError) {
                try systemCall("fallocate", on: image) { berth_preallocate(file.rawValue, Int64(size)) }
            } catch {
                ftruncate(file.rawValue, off_t(oldSize))  // what it allocated before it failed
                throw error
            }
        } catch {
            if error.code == ENOSPC { throw .noSpace(path: image, requested: size - oldSize) }
            throw .failed(error)
        }
    }

    /// Removes a half-made or purged volume: the files that Berth puts there, one by one.
    static func discard(_ path: String) throws(VolumeError) {
        try OwnedTree.refuseMounts(under: path)
        do throws(SystemCallError) {
            for name in ["image", "volume.json", "volume.json.new"] { try removing(name, in: path) { unlink($0) } }
            for name in ["data", ""] { try removing(name, in: path) { rmdir($0) } }
        } catch {
            throw .failed(error)
        }
    }

    private static func removing(_ name: String, in path: String, _ call: (String) -> CInt) throws(SystemCallError) {
        let target = name.isEmpty ? path : "\(path)/\(name)"
        do throws(SystemCallError) {
            try systemCall("remove", on: target) { call(target) }
        } catch where error.code == ENOENT {}
    }
}
