import CLinux
import Glibc

/// A block device on a regular file, held open. The device frees itself when its last user is gone: this descriptor,
/// then the mount on it. So a crash between the two leaves nothing behind. Source: loop(4).
package struct LoopDevice: ~Copyable {
    package let path: String
    private let descriptor: OwnedFileDescriptor

    /// Logical blocks of 4096 bytes, so that direct I/O fits any disk below; `image` must be a multiple of that.
    package static let blockSize = 4096

    /// Binds a free device to `image`. Direct I/O, where its file system has it: pages are then cached once, not twice.
    package init(attaching image: String, readOnly: Bool = false) throws(SystemCallError) {
        let backing = try OwnedFileDescriptor(opening: image, flags: readOnly ? O_RDONLY : O_RDWR)
        let control = try OwnedFileDescriptor(opening: "/dev/loop-control", flags: O_RDWR)
        while true {
            let number = try systemCall("ioctl LOOP_CTL_GET_FREE", on: "/dev/loop-control") { berth_loop_free_number(control.rawValue) }
            let path = "/dev/loop\(number)"
            do throws(SystemCallError) {
                let loop = try Self.open(path, number: number)
                try Self.configure(loop.rawValue, backing: backing.rawValue, image: image, readOnly: readOnly)
                self.path = path
                descriptor = loop
                FaultPoint.pass("loop device")
                return
            } catch where error.code == EBUSY {
                continue  // another process took this number between the two calls
            }
        }
    }

    /// Opens a device that is in use, for instance below a mount.
    package init(opening path: String) throws(SystemCallError) {
        self.path = path
        descriptor = try OwnedFileDescriptor(opening: path, flags: O_RDWR)
    }

    /// Whether the device reads and writes `image`.
    package func isBacked(by image: String) throws(SystemCallError) -> Bool {
        var information = stat()
        try systemCall("stat", on: image) { stat(image, &information) }
        var device: UInt64 = 0
        var inode: UInt64 = 0
        try systemCall("ioctl LOOP_GET_STATUS64", on: path) { berth_loop_backing(descriptor.rawValue, &device, &inode) }
        return inode == UInt64(information.st_ino) && device == UInt64(information.st_dev)
    }

    /// Takes on the new size of a file that has grown.
    package func takeFileSize() throws(SystemCallError) {
        try systemCall("ioctl LOOP_SET_CAPACITY", on: path) { berth_loop_set_capacity(descriptor.rawValue) }
    }

    /// Keeps a discard from inside the volume from punching holes into the preallocated file. Where the kernel offers
    /// no such switch, the file may become sparse, which costs the guarantee of space but no data.
    package func refuseDiscards() {
        let file = "/sys/block/\(path.dropFirst("/dev/".count))/queue/discard_max_bytes"
        // See above for what is lost when this fails.
        guard let setting = try? OwnedFileDescriptor(opening: file, flags: O_WRONLY) else { return }
        write(setting.rawValue, "0", 1)
    }

    private static func open(_ path: String, number: CInt) throws(SystemCallError) -> OwnedFileDescriptor {
        do throws(SystemCallError) {
            return try OwnedFileDescriptor(opening: path, flags: O_RDWR)
        } catch where error.code == ENOENT {
            try systemCall("mknod", on: path) { berth_loop_make_node(path, number) }
            return try OwnedFileDescriptor(opening: path, flags: O_RDWR)
        }
    }

    private static func configure(_ loop: CInt, backing: CInt, image: String, readOnly: Bool) throws(SystemCallError) {
        do throws(SystemCallError) {
            try systemCall("ioctl LOOP_CONFIGURE", on: image) {
                berth_loop_configure(loop, backing, image, UInt32(blockSize), 1, readOnly ? 1 : 0)
            }
        } catch where error.code == EINVAL {
            try systemCall("ioctl LOOP_CONFIGURE", on: image) {
                berth_loop_configure(loop, backing, image, UInt32(blockSize), 0, readOnly ? 1 : 0)
            }
        }
    }
}

extension LoopDevice {
    /// The device that `image` is bound to already, if any, in whatever mount namespace it is used.
    package static func attached(to image: String) throws(SystemCallError) -> String? {
        for entry in try DirectoryEntry.list("/sys/block") where entry.name.hasPrefix("loop") {
            guard access("/sys/block/\(entry.name)/loop/backing_file", F_OK) == 0 else { continue }
            do throws(SystemCallError) {
                if try LoopDevice(opening: "/dev/\(entry.name)").isBacked(by: image) { return "/dev/\(entry.name)" }
            } catch where error.code == ENXIO || error.code == ENOENT {
                continue  // freed since
            }
        }
        return nil
    }
}
