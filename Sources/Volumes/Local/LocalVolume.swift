package import FoundationEssentials
package import LinuxSystem
import Glibc

/// A volume of the built-in provisioner, as its own directory describes it: the ledger can be rebuilt from these.
package struct LocalVolume: Codable, Hashable, Sendable {
    package var id: String
    /// What the claim asked for and files can have.
    package var capacityBytes: Int
    package var filesystemUUID: String
    package var claimNamespace: String
    package var claimName: String
    package var claimUID: String
    package var createdAt: Date
    /// Set when its claim is gone and its data was kept: it is never given to another claim.
    package var releasedAt: Date?
    /// Set while it is in the trash, by the wall clock and as it was lived through.
    package var trashedAt: Date?
    package var trashAge: TrashAge?
}

/// What to make.
package struct LocalVolumeSpecification: Hashable, Sendable {
    /// `pvc-<claim uid>`.
    package var id: String
    package var capacityBytes: Int
    package var claimNamespace: String
    package var claimName: String
    package var claimUID: String

    package init(id: String, capacityBytes: Int, claimNamespace: String = "", claimName: String = "", claimUID: String = "") {
        self.id = id
        self.capacityBytes = capacityBytes
        self.claimNamespace = claimNamespace
        self.claimName = claimName
        self.claimUID = claimUID
    }
}

/// A local volume that is mounted on the node.
package struct StagedVolume: Hashable, Sendable {
    /// The root of the file system.
    package var path: String
    package var identity: SourceIdentity
    /// Nil when it was clean, or mounted already.
    package var check: FilesystemCheck?
}

extension LocalVolume {
    /// - Throws: `unknownVolume` when there is no record, `corruptRecord` when it cannot be read.
    static func read(from file: String, id: String) throws(VolumeError) -> LocalVolume {
        let bytes: [UInt8]
        do throws(SystemCallError) {
            bytes = try SmallFile.bytes(file)
        } catch {
            if error.code == ENOENT || error.code == ENOTDIR { throw .unknownVolume(id: id) }
            throw .failed(error)
        }
        do {
            return try JSONDecoder().decode(LocalVolume.self, from: Data(bytes))
        } catch {
            throw .corruptRecord(path: file, reason: "\(error)")
        }
    }

    /// Replaces the record: on disk before it takes its name.
    func write(to file: String) throws(VolumeError) {
        let bytes: [UInt8]
        do {
            bytes = [UInt8](try JSONEncoder().encode(self))
        } catch {
            throw .corruptRecord(path: file, reason: "\(error)")
        }
        try volumeCall { () throws(SystemCallError) in try DurableFile.write(bytes, to: file) }
    }
}
