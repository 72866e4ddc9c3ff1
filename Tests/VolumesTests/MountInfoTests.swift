import LinuxSystem
import Testing

@Suite("mountinfo")
struct MountInfoTests {
    static let text = """
        22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro
        36 22 98:0 /mnt1 /mnt\\0402 ro,noatime master:1 propagate_from:2 - ext3 /dev/root rw
        40 22 0:35 / /run/a\\134b rw - tmpfs tmpfs rw,size=65536k
        41 22 7:0 / /vol/x rw,nodev - ext4 /dev/loop0 rw
        42 41 7:1 / /vol/x/inner rw - ext4 /dev/loop1 rw
        43 22 7:2 / /vol/xy rw - ext4 /dev/loop2 rw
        nonsense
        """

    @Test("fields, optional fields and escapes")
    func parse() throws {
        let mounts = MountInfo.parse(Self.text)
        #expect(mounts.count == 6)
        #expect(mounts[1].mountPoint == "/mnt 2")
        #expect(mounts[1].root == "/mnt1")
        #expect(mounts[1].filesystemType == "ext3")
        #expect(mounts[1].options == ["ro", "noatime"])
        #expect(mounts[2].mountPoint == "/run/a\\b")
        #expect(mounts[2].source == "tmpfs")
    }

    @Test("what lies under a path: itself and its children, not its namesakes")
    func under() {
        let mounts = MountInfo.parse(Self.text)
        #expect(mounts.mounts(under: "/vol/x").map(\.mountPoint) == ["/vol/x", "/vol/x/inner"])
        #expect(mounts.mount(at: "/vol/x")?.source == "/dev/loop0")
        #expect(mounts.mount(at: "/vol") == nil)
    }

    @Test("an identity is the same source by file system and inode, whatever device number it has today")
    func identity() {
        let then = SourceIdentity(filesystemUUID: "u", device: 1792, inode: 2)
        #expect(then.matches(SourceIdentity(filesystemUUID: "u", device: 1800, inode: 2)))
        #expect(!then.matches(SourceIdentity(filesystemUUID: "w", device: 1792, inode: 2)))
        #expect(!then.matches(SourceIdentity(filesystemUUID: "u", device: 1792, inode: 3)))
        #expect(!SourceIdentity(device: 1, inode: 2).matches(SourceIdentity(device: 9, inode: 2)))
    }
}
