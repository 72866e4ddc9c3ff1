import Glibc
package import LinuxSystem

extension LocalVolumeStore {
    /// Mounts the volume once on the node, after making sure that it is the one it should be.
    ///
    /// - Parameter identity: what it was the last time; nil the first time.
    /// - Throws: `wrongFilesystem` or `identityMismatch` for another or an empty file system, `filesystemDamaged`
    ///   when e2fsck cannot mend it, `foreignMount` when something else is in its place.
    package func stage(_ id: String, expecting identity: SourceIdentity? = nil) async throws(VolumeError) -> StagedVolume {
        try await locked(id, "staging") { (lock) throws(VolumeError) in
            let volume = try LocalVolume.read(from: record(of: id), id: id)
            let check = try mountImage(of: volume, under: lock)
            let path = mountPoint(of: id)
            let found = try volumeCall { () throws(SystemCallError) in try SourceIdentity(of: path) }
            let expected = identity ?? SourceIdentity(filesystemUUID: volume.filesystemUUID, device: 0, inode: found.inode)
            guard found.filesystemUUID.isEmpty || expected.matches(found) else {
                throw .identityMismatch(path: path, expected: expected, found: found)
            }
            return StagedVolume(path: path, identity: expected, check: check)
        }
    }

    /// - Parameter lazily: detach it also while it is in use.
    /// - Returns: who used it, when it was detached lazily; empty otherwise.
    /// - Throws: `busy`, naming the holders, unless `lazily`.
    @discardableResult
    package func unstage(_ id: String, lazily: Bool = false) async throws(VolumeError) -> [MountHolder] {
        try await locked(id, "unstaging") { (_) throws(VolumeError) in try unmountImage(of: id, lazily: lazily) }
    }

    /// Whether it is mounted now, and by its own image.
    package func isStaged(_ id: String) async throws(VolumeError) -> Bool {
        try await locked(id, "looking at") { (_) throws(VolumeError) in try currentMount(of: id) != nil }
    }

    /// - Returns: nil when it was mounted already, or was clean.
    func mountImage(of volume: LocalVolume, under lock: CInt) throws(VolumeError) -> FilesystemCheck? {
        let image = image(of: volume.id)
        if try currentMount(of: volume.id) != nil { return nil }
        let superblock: Ext4Superblock?
        do throws(SystemCallError) {
            superblock = try Ext4Superblock.read(from: image)
        } catch {
            throw error.code == ENOENT ? .missing(path: image) : .failed(error)
        }
        guard let superblock, superblock.uuid == volume.filesystemUUID else {
            throw .wrongFilesystem(id: volume.id, expected: volume.filesystemUUID, found: superblock?.uuid ?? "")
        }
        // A device that is still there from a lazy detach is used again: two devices on one image would ruin it.
        if let device = try volumeCall({ () throws(SystemCallError) in try LoopDevice.attached(to: image) }) {
            // Held open, so that its last user cannot free it for another image before it is mounted.
            let held = try volumeCall { () throws(SystemCallError) in try LoopDevice(opening: device) }
            guard try volumeCall({ () throws(SystemCallError) in try held.isBacked(by: image) }) else { throw .busy(path: device, holders: []) }
            try mount(device, of: volume.id)
            _ = consume held
            return nil
        }
        let check = superblock.isClean ? nil : try maintenance.of(volume.id) { () throws(VolumeError) in try tools.check(image, id: volume.id, under: lock) }
        let loop = try volumeCall { () throws(SystemCallError) in try LoopDevice(attaching: image) }
        loop.refuseDiscards()
        try mount(loop.path, of: volume.id)
        _ = consume loop  // until here it kept the device, from now on the mount does
        return check
    }

    private func mount(_ device: String, of id: String) throws(VolumeError) {
        let path = mountPoint(of: id)
        try volumeCall { () throws(SystemCallError) in
            try DirectoryTree.make(path, mode: 0o700)
            try FileSystemMount.mount(device, at: path, type: "ext4", flags: [.noDevices], options: "errors=remount-ro")
        }
        // A new volume is an empty directory, as databases insist. e2fsck makes it again when it needs it.
        rmdir("\(path)/lost+found")
    }

    func unmountImage(of id: String, lazily: Bool) throws(VolumeError) -> [MountHolder] {
        guard let mount = try currentMount(of: id) else { return [] }
        let path = mount.mountPoint
        do throws(SystemCallError) {
            try FileSystemMount.unmount(path)
            return []
        } catch {
            guard error.code == EBUSY else { throw .failed(error) }
        }
        let device = try volumeCall { () throws(SystemCallError) in try SourceIdentity(of: path).device }
        let holders = MountHolder.find(device: device, label: mount.device)
        guard lazily else { throw .busy(path: path, holders: holders) }
        try volumeCall { () throws(SystemCallError) in _ = try FileSystemMount.unmount(path, lazily: true) }
        return holders
    }

    /// The mount at the volume's place; nil when there is none.
    func currentMount(of id: String) throws(VolumeError) -> MountInfo? {
        let path = mountPoint(of: id)
        let image = image(of: id)
        // The table of mounts is long on a node with many pods, and before a volume is mounted there is nothing in it to be found.
        guard try volumeCall({ () throws(SystemCallError) in try FileSystemMount.begins(at: path) }) else { return nil }
        let mounts = try volumeCall { () throws(SystemCallError) in try MountInfo.read() }
        guard let mount = mounts.mount(at: path) else { return nil }
        let isOurs = try volumeCall { () throws(SystemCallError) in
            mount.source.hasPrefix("/dev/loop") ? try LoopDevice(opening: mount.source).isBacked(by: image) : false
        }
        guard isOurs else { throw .foreignMount(path: path, source: mount.source) }
        return mount
    }
}
