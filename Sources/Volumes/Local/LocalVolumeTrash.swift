package import FoundationEssentials
import Glibc
import LinuxSystem

/// A deleted volume that can still be brought back.
package struct TrashedVolume: Hashable, Sendable {
    package var volume: LocalVolume
    /// Its directory in the trash.
    package var path: String
}

extension LocalVolumeStore {
    /// First half of a deletion: out of the way, nothing lost. A copy of the mount that another namespace still has goes on
    /// working.
    ///
    /// - Throws: `busy` while it is staged.
    package func moveToTrash(_ id: String, at time: Date) async throws(VolumeError) -> TrashedVolume {
        if let earlier = try await trashed().last(where: { $0.volume.id == id }), access("\(directory)/\(id)", F_OK) != 0 { return earlier }
        return try await locked(id, "trashing") { (_) throws(VolumeError) in
            var volume = try LocalVolume.read(from: record(of: id), id: id)
            if let mount = try currentMount(of: id) { throw .busy(path: mount.mountPoint, holders: []) }
            volume.trashedAt = time
            try volume.write(to: record(of: id))
            let path = "\(trash)/\(id)@\(Int(time.timeIntervalSince1970))"
            try move("\(directory)/\(id)", to: path)
            return TrashedVolume(volume: volume, path: path)
        }
    }

    /// What is in the trash, oldest first; without what has lost its record.
    package func trashed() async throws(VolumeError) -> [TrashedVolume] {
        try await VolumeWork.run("listing \(trash)", deadline: deadline) { () throws(VolumeError) in
            var found: [TrashedVolume] = []
            for name in try Self.names(in: trash) {
                let path = "\(trash)/\(name)"
                do throws(VolumeError) {
                    found.append(TrashedVolume(volume: try LocalVolume.read(from: "\(path)/volume.json", id: name), path: path))
                } catch {
                    switch error {
                    // A purge that a crash cut short: the image goes first, the directory last.
                    case .unknownVolume where access("\(path)/image", F_OK) != 0: try Self.discard(path)
                    // Nobody can say how long it has been here: it stays, and holds up no other.
                    case .unknownVolume, .corruptRecord: continue
                    default: throw error
                    }
                }
            }
            return found.sorted { ($0.volume.trashedAt ?? .distantPast, $0.path) < ($1.volume.trashedAt ?? .distantPast, $1.path) }
        }
    }

    /// Marks the volume as let go by its claim, where a rebuilt ledger finds it too. No effect on one that is marked, or is
    /// not here.
    package func release(_ id: String, at time: Date) async throws(VolumeError) {
        do throws(VolumeError) {
            try await locked(id, "releasing") { (_) throws(VolumeError) in
                var volume = try LocalVolume.read(from: record(of: id), id: id)
                guard volume.releasedAt == nil else { return }
                volume.releasedAt = time
                try volume.write(to: record(of: id))
            }
        } catch {
            guard case .unknownVolume = error else { throw error }
        }
    }

    /// Brings a volume back under its id.
    package func restore(_ trashed: TrashedVolume) async throws(VolumeError) -> LocalVolume {
        try await VolumeWork.run("restoring volume \(trashed.volume.id)", deadline: deadline) { () throws(VolumeError) in
            var volume = trashed.volume
            volume.trashedAt = nil
            volume.trashAge = nil
            volume.releasedAt = nil
            try move(trashed.path, to: "\(directory)/\(volume.id)")
            try volume.write(to: record(of: volume.id))
            return volume
        }
    }

    /// Second half: gone for good, what has been in the trash for as long as `retention` both by the wall clock and by what the
    /// machine has lived through. To be called from time to time: what was lived through is noted here.
    ///
    /// - Parameter uptime: seconds since the boot `bootID` names.
    /// - Returns: the ids of what was purged.
    package func purge(after retention: Duration, now: Date, bootID: String, uptime: Double) async throws(VolumeError) -> [String] {
        let retention = Double(retention.components.seconds)
        var purged: [String] = []
        for trashed in try await trashed() {
            let isPurged = try await VolumeWork.run("purging volume \(trashed.volume.id)", deadline: deadline) { () throws(VolumeError) in
                var volume = trashed.volume
                var age = volume.trashAge ?? TrashAge(bootID: bootID, uptime: uptime)
                age.look(bootID: bootID, uptime: uptime)
                if now.timeIntervalSince(volume.trashedAt ?? now) >= retention, age.seconds >= retention {
                    try Self.discard(trashed.path)
                    return true
                }
                volume.trashAge = age
                try volume.write(to: "\(trashed.path)/volume.json")
                return false
            }
            if isPurged { purged.append(trashed.volume.id) }
        }
        return purged
    }

    /// Never onto something that is there.
    private func move(_ source: String, to target: String) throws(VolumeError) {
        try volumeCall { () throws(SystemCallError) in
            try DirectoryTree.make(trash, mode: 0o700)
            guard access(target, F_OK) != 0 else { throw SystemCallError(call: "rename", subject: target, code: EEXIST) }
            try systemCall("rename", on: target) { rename(source, target) }
            try Self.sync(trash)
            try Self.sync(directory)
        }
    }
}
