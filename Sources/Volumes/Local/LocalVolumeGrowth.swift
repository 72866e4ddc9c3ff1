import CLinux
import Glibc
import LinuxSystem

extension LocalVolumeStore {
    /// Grows the volume, mounted or not, to hold `bytes` of files. Asked again after a crash it goes on where it was.
    ///
    /// - Returns: the volume with its new capacity.
    /// - Throws: `growthNeedsUnmount` when it is mounted and berthd may not resize a mounted file system,
    ///   `shrinkRefused` for less than it has, `noSpace` when the disk below has no room; the volume then stays
    ///   as it was.
    package func expand(_ id: String, toBytes bytes: Int) async throws(VolumeError) -> LocalVolume {
        try await locked(id, "expanding") { (lock) throws(VolumeError) in
            var volume = try LocalVolume.read(from: record(of: id), id: id)
            if bytes == volume.capacityBytes { return volume }
            guard bytes > volume.capacityBytes else {
                throw .shrinkRefused(id: id, bytes: volume.capacityBytes, requested: bytes)
            }
            let wasStaged = try currentMount(of: id) != nil
            if !wasStaged { _ = try mountImage(of: volume, under: lock) }
            do throws(VolumeError) {
                try grow(volume, to: bytes, mayUnmount: !wasStaged, under: lock)
            } catch {
                if !wasStaged { _ = try unmountImage(of: id, lazily: false) }
                throw error
            }
            if !wasStaged { _ = try unmountImage(of: id, lazily: false) }
            volume.capacityBytes = bytes
            try volume.write(to: record(of: id))
            return volume
        }
    }

    /// Adds what is missing, measures, and again: what ext4 takes for itself is known only afterwards.
    private func grow(_ volume: LocalVolume, to bytes: Int, mayUnmount: Bool, under lock: CInt) throws(VolumeError) {
        let image = image(of: volume.id)
        let path = mountPoint(of: volume.id)
        for _ in 0..<16 {
            try takeImageSize(volume, mayUnmount: mayUnmount, under: lock)
            let missing = try volumeCall { () throws(SystemCallError) in bytes + Ext4Sizing.slack - (try usableBytes(at: path)) }
            if missing <= 0 { return }
            let size = try volumeCall { () throws(SystemCallError) in try Self.size(of: image) }
            try preallocate(image, from: size, to: Ext4Sizing.rounded(size + max(missing, 64 << 10)))
        }
        throw .helperFailed(
            program: "ext4", ending: "no progress", output: "the file system of volume \(volume.id) does not grow to \(bytes) bytes")
    }

    /// Device, then file system, take on the size of the file: mounted if the kernel lets us, otherwise by resize2fs.
    private func takeImageSize(_ volume: LocalVolume, mayUnmount: Bool, under lock: CInt) throws(VolumeError) {
        let path = mountPoint(of: volume.id)
        do throws(SystemCallError) {
            guard let device = try MountInfo.read().mount(at: path)?.source else {
                throw SystemCallError(call: "mountinfo", subject: path, code: ENOENT)
            }
            try LoopDevice(opening: device).takeFileSize()
            let blocks = UInt64(try Self.size(of: image(of: volume.id)) / Ext4Sizing.blockSize)
            let root = try OwnedFileDescriptor(opening: path, flags: O_RDONLY | O_DIRECTORY)
            try systemCall("ioctl EXT4_IOC_RESIZE_FS", on: path) { berth_ext4_resize(root.rawValue, blocks) }
            return
        } catch {
            guard error.code == EPERM else { throw .failed(error) }
        }
        guard mayUnmount else { throw .growthNeedsUnmount(id: volume.id) }
        try unmountEverywhere(volume, under: lock)
        try maintenance.of(volume.id) { () throws(VolumeError) in try tools.resize(image(of: volume.id), id: volume.id, under: lock) }
        _ = try mountImage(of: volume, under: lock)
    }

    /// resize2fs on a file system that another mount namespace still has mounted would ruin it: only when the device is
    /// gone is nobody left. Otherwise the volume is mounted again as it was.
    private func unmountEverywhere(_ volume: LocalVolume, under lock: CInt) throws(VolumeError) {
        guard let mount = try currentMount(of: volume.id) else { return }
        let number = try volumeCall { () throws(SystemCallError) in try SourceIdentity(of: mount.mountPoint).device }
        _ = try unmountImage(of: volume.id, lazily: false)
        guard let device = try volumeCall({ () throws(SystemCallError) in try LoopDevice.attached(to: image(of: volume.id)) }) else { return }
        _ = try mountImage(of: volume, under: lock)
        throw .busy(path: device, holders: MountHolder.find(device: number, label: mount.device))
    }

    private static func size(of image: String) throws(SystemCallError) -> Int {
        var information = stat()
        try systemCall("stat", on: image) { stat(image, &information) }
        return Int(information.st_size)
    }

    /// What files could have if there were none: all blocks but ext4's own and its reserve.
    private func usableBytes(at path: String) throws(SystemCallError) -> Int {
        let space = try FileSystemSpace(of: path)
        let blocks = space.capacityBytes / Ext4Sizing.blockSize
        return (blocks - Ext4Sizing.reserve(blocks: blocks)) * Ext4Sizing.blockSize
    }
}
