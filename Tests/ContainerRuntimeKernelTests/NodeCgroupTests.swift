import ContainerRuntime
import Glibc
import LinuxSystem
import PodPlanning
import SandboxPlan
import Testing

@Suite("Cgroups of the node", .enabled(if: canRunContainers, "needs root and busybox-static"), .timeLimit(.minutes(5)), .tidy)
struct NodeCgroupTests {
    @Test("a limit of memory rises and falls with the plan")
    func limits() throws {
        let node = try TestNode()
        let directory = try #require(node.layout.directory("\(node.cgroup)/limits", controller: "memory"))
        let files = node.layout.isUnified ? [("memory.max", false)] : [("memory.limit_in_bytes", false), ("memory.memsw.limit_in_bytes", true)]
        defer { rmdir(directory) }
        for mebibytes in [64, 128, 32] {
            let bytes = "\(mebibytes << 20)"
            try CgroupPlan(
                directories: [directory], writes: files.map { CgroupWrite(file: "\(directory)/\($0.0)", value: bytes, isOptional: $0.1) }
            ).apply()
            for (file, _) in files where access("\(directory)/\(file)", F_OK) == 0 { #expect(SmallFile.firstLine("\(directory)/\(file)") == bytes) }
        }
    }
}
