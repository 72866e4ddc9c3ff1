import PodPlanning
import Testing

@Suite("Cgroup layout")
struct CgroupLayoutTests {
    @Test("a single cgroup2 mount is the unified layout")
    func unified() {
        let text = "31 23 0:28 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
        #expect(CgroupLayout(mountInfo: text) == .v2(mountPoint: "/sys/fs/cgroup"))
    }

    @Test("controllers mounted one by one are the v1 layout, the v2 mount beside them has the empty name")
    func hybrid() {
        let text = """
            31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
            32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct
            35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory
            40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd
            41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
            """
        let layout = CgroupLayout(mountInfo: text)
        #expect(layout == .v1(hierarchies: [
            "cpu": "/sys/fs/cgroup/cpu,cpuacct", "cpuacct": "/sys/fs/cgroup/cpu,cpuacct", "memory": "/sys/fs/cgroup/memory",
            "name=systemd": "/sys/fs/cgroup/systemd", "": "/sys/fs/cgroup/unified",
        ]))
        #expect(layout?.directories("kubepods/x") == [
            "/sys/fs/cgroup/cpu,cpuacct/kubepods/x", "/sys/fs/cgroup/memory/kubepods/x", "/sys/fs/cgroup/unified/kubepods/x",
        ])
    }

    @Test("systemd's named hierarchy alone does not make a v1 host")
    func namedOnly() {
        let text = "1 0 0:1 / /a rw - cgroup cgroup rw,name=systemd\n2 0 0:2 / /cg\\040roup rw - cgroup2 none rw\n"
        #expect(CgroupLayout(mountInfo: text) == .v2(mountPoint: "/cg roup"))
    }

    @Test("text without cgroup mounts, or that is none at all, has no layout", arguments: ["", "nonsense\n- - -", "1 0 0:1 / / rw - ext4 /dev/sda rw"])
    func nothing(text: String) { #expect(CgroupLayout(mountInfo: text) == nil) }
}
