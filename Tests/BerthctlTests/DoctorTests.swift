@testable import berthctl
import FoundationEssentials
import Testing

@Suite("berthctl doctor")
struct DoctorTests {
    static func healthy() -> (ledger: LedgerView, world: NodeWorld) {
        var ledger = LedgerView()
        ledger.pods = ["uid-1": "default/web-0"]
        ledger.runningContainers = ["abc"]
        ledger.volumes = ["pvc-1": (isStaged: false, stagingPath: "/var/lib/berth/volumes/pvc-1/data")]
        var world = NodeWorld()
        world.podCgroups = ["uid-1": "/sys/fs/cgroup/kubepods/poduid-1"]
        world.supervisors = ["uid-1"]
        world.podDirectories = ["uid-1"]
        world.scratch = ["abc"]
        world.mounts = [
            "/var/lib/berth/volumes/pvc-1/data": "ext4", "/run/berth/pods/uid-1/shm": "tmpfs",
            "/var/lib/kubelet/pods/uid-1/volumes/kubernetes.io~empty-dir/cache": "tmpfs",
        ]
        world.loopDevices = ["/dev/loop0": "/var/lib/berth/volumes/pvc-1/image"]
        return (ledger, world)
    }

    @Test("a node whose ledger and machine agree has no findings")
    func agreement() {
        let (ledger, world) = Self.healthy()
        #expect(findings(ledger: ledger, world: world, daemonIsUp: true) == [])
    }

    @Test("what no record explains is an orphan, named with its proof", arguments: [
        ("cgroup", { @Sendable (world: inout NodeWorld) in world.podCgroups["uid-9"] = "/sys/fs/cgroup/kubepods/poduid-9" }),
        ("supervisor", { @Sendable (world: inout NodeWorld) in world.supervisors.insert("uid-9") }),
        ("directory", { @Sendable (world: inout NodeWorld) in world.podDirectories.insert("uid-9") }),
        ("writable layer", { @Sendable (world: inout NodeWorld) in world.scratch.insert("def") }),
        ("mount", { @Sendable (world: inout NodeWorld) in world.mounts["/var/lib/kubelet/pods/uid-9/volumes/x"] = "tmpfs" }),
        ("loop device", { @Sendable (world: inout NodeWorld) in world.loopDevices["/dev/loop9"] = "/var/lib/berth/volumes/pvc-9/image" }),
    ] as [(String, @Sendable (inout NodeWorld) -> Void)])
    func orphans(subject: String, change: @Sendable (inout NodeWorld) -> Void) {
        let (ledger, original) = Self.healthy()
        var world = original
        change(&world)
        let found = findings(ledger: ledger, world: world, daemonIsUp: false)
        #expect(found.count == 1)
        #expect(found.first?.kind == .orphan)
        #expect(found.first?.subject.contains(subject) == true)
        #expect(found.first?.remedy.hasPrefix("start berthd") == true)
    }

    @Test("work without a result is a finding only when nobody is at it")
    func unfinished() {
        let (original, world) = Self.healthy()
        var ledger = original
        ledger.unfinished = [(kind: "createVolume", subject: "pvc-2", begunAt: Date())]
        #expect(findings(ledger: ledger, world: world, daemonIsUp: true) == [])
        #expect(findings(ledger: ledger, world: world, daemonIsUp: false).map(\.kind) == [.unfinished])
    }

    @Test("a volume that should be mounted and is not is missing")
    func missingMount() {
        var (ledger, world) = Self.healthy()
        ledger.volumes["pvc-1"] = (isStaged: true, stagingPath: "/var/lib/berth/volumes/pvc-1/data")
        world.mounts["/var/lib/berth/volumes/pvc-1/data"] = nil
        #expect(findings(ledger: ledger, world: world, daemonIsUp: true).map(\.kind) == [.missing])
    }
}

@Suite("berthctl's output")
struct OutputTests {
    @Test("columns are as wide as their widest cell, and the last is not padded")
    func table() {
        var table = TextTable("NAME", "AGE")
        table.add("a-long-name", "1s")
        #expect(table.text == "NAME          AGE\na-long-name   1s")
    }

    @Test("ages and sizes are written as kubectl writes them", arguments: [(5.0, "5s"), (119, "119s"), (120, "2m"), (7200, "2h"), (200_000, "2d")])
    func ages(seconds: Double, text: String) {
        let now = Date(timeIntervalSince1970: 1_000_000)
        #expect(age(since: now.addingTimeInterval(-seconds), now: now) == text)
    }

    @Test("sizes in binary units", arguments: [(0, "0B"), (512, "512B"), (67_108_864, "64Mi"), (1_610_612_736, "1.5Gi")])
    func sizes(count: Int, text: String) { #expect(bytes(count) == text) }

    @Test("what would break a path or query is escaped", arguments: [("web-0", "web-0"), ("a b&c", "a%20b%26c"), ("ü/", "%C3%BC%2F")])
    func escaping(text: String, expected: String) { #expect(text.escaped == expected) }
}
