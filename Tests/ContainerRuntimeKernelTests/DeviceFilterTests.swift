import ContainerRuntime
import Glibc
import LinuxSystem
import SandboxPlan
import Testing

@testable import PodPlanning

private let unified = ["/sys/fs/cgroup/unified", "/sys/fs/cgroup"].first { CgroupDirectory($0).isUnified }

@Suite(
    "Devices on cgroup v2", .enabled(if: canRunContainers && unified != nil, "needs root, busybox-static and a cgroup v2 mount"),
    .timeLimit(.minutes(5)), .tidy)
struct DeviceFilterTests {
    @Test("the kernel takes the program; a node of a block device can be made and not opened", arguments: [true, false])
    func block(isFiltered: Bool) async throws {
        let mount = try #require(unified)
        // Only the v2 hierarchy, so that nothing but the program can be what refuses.
        let node = try TestNode {
            let path = "\(mount)/berth-test-devices-\($0.pod.uid)"
            $0.cgroup = CgroupPlan(directories: [path], writes: [], deviceFilter: isFiltered ? deviceFilter(DeviceRule.container) : [])
        }
        let directory = try #require(node.plan.cgroup.directories.first)
        let sandbox = try await node.runtime.createSandbox(node.plan)
        let plan = node.container(
            """
            mknod /tmp/block b 7 0 && echo made
            (: < /tmp/block) 2>&1 && echo opened
            echo text > /dev/null && head -c1 /dev/zero | wc -c
            """
        ) { $0.cgroup = CgroupPlan(directories: ["\(directory)/\($0.id)"], writes: []) }
        #expect(try await sandbox.run(plan).code == 0)
        let answer = isFiltered ? "/bin/sh: can't open /tmp/block: Operation not permitted" : "opened"
        #expect(try node.output() == "made\n\(answer)\n1\n")
        try await node.tearDown(sandbox)
        #expect(access(directory, F_OK) != 0)
    }
}
