import KubeAPI
@testable import PodPlanning
import SandboxPlan
import Testing

@Suite("Cgroup plans")
struct CgroupPlanTests {
    static let guaranteed = #"{"containers":[{"name":"c","resources":{"limits":{"cpu":"500m","memory":"64Mi"}}}]}"#

    static func written(_ plan: CgroupPlan) -> [String: String] {
        Dictionary(plan.writes.map { ($0.file, $0.value) }, uniquingKeysWith: { first, _ in first })
    }

    @Test("quality of service decides the place in the tree", arguments: [
        (guaranteed, "kubepods/podu1"),
        (#"{"containers":[{"name":"c","resources":{"requests":{"cpu":"1"}}}]}"#, "kubepods/burstable/podu1"),
        (#"{"containers":[{"name":"c"}]}"#, "kubepods/besteffort/podu1"),
    ])
    func place(spec: String, expected: String) throws {
        let pod = try pod(spec)
        #expect(cgroupPath(of: pod) == expected)
        let id = String(repeating: "a", count: 64)
        #expect(try plan(pod).cgroup.directories == ["/sys/fs/cgroup/\(expected)/\(id)"])
    }

    @Test("limits and requests on v2")
    func unified() throws {
        let pod = try pod(Self.guaranteed)
        let writes = Self.written(try plan(pod).cgroup)
        let directory = "/sys/fs/cgroup/kubepods/podu1/" + String(repeating: "a", count: 64)
        #expect(writes["\(directory)/cpu.max"] == "50000 100000")
        #expect(writes["\(directory)/cpu.weight"] == "59")
        #expect(writes["\(directory)/memory.max"] == "67108864")
        #expect(writes["\(directory)/memory.swap.max"] == "0")
        #expect(writes["\(directory)/memory.oom.group"] == "1")
    }

    @Test("limits and requests on v1")
    func legacy() throws {
        let pod = try pod(Self.guaranteed)
        let plan = try plan(pod, on: .test(NodeFacts.legacy)).cgroup
        let path = "kubepods/podu1/" + String(repeating: "a", count: 64)
        #expect(plan.directories == ["cpu", "cpuacct", "devices", "memory", "pids", "unified"].map { "/cg/\($0)/\(path)" })
        let writes = Self.written(plan)
        #expect(writes["/cg/cpu/\(path)/cpu.shares"] == "512")
        #expect(writes["/cg/cpu/\(path)/cpu.cfs_quota_us"] == "50000")
        #expect(writes["/cg/memory/\(path)/memory.limit_in_bytes"] == "67108864")
    }

    @Test("on v1 the pod's cgroup says which devices may be used, unless a container of the pod is privileged")
    func devices() throws {
        let null = CgroupWrite(file: "/cg/devices/kubepods/besteffort/podu1/devices.allow", value: "c 1:3 rwm")
        #expect(try sandboxPlan(for: pod(#"{"containers":[{"name":"c"}]}"#), on: .test(NodeFacts.legacy)).cgroup.writes.contains(null))

        let mixed = try pod(#"{"containers":[{"name":"c"},{"name":"p","securityContext":{"privileged":true}}]}"#)
        let inPod = try sandboxPlan(for: mixed, on: .test(NodeFacts.legacy)).cgroup.writes
        #expect(!inPod.contains { $0.file.contains("/cg/devices/") })
        #expect(try plan(mixed, on: .test(NodeFacts.legacy)).cgroup.writes.contains { $0.file.hasSuffix("/devices.deny") })
        let privileged = try containerPlan(
            for: mixed.spec.containers[1], in: mixed, attempt: 0, id: "p", image: .test(#"{"Cmd":["x"]}"#), volumes: [:], objects: .test(), podIPs: [],
            seccomp: SeccompCompiler(), on: .test(NodeFacts.legacy))
        #expect(!privileged.cgroup.writes.contains { $0.file.contains("/cg/devices/") })
    }

    @Test("without limits nothing is limited")
    func unlimited() throws {
        let files = try plan(pod(#"{"containers":[{"name":"c"}]}"#)).cgroup.writes.map { $0.file.split(separator: "/").last.map(String.init) ?? "" }
        #expect(files == ["cpu.weight", "memory.oom.group"])
    }

    @Test("the pod's limit is the sum, where every container has one", arguments: [
        (#"{"containers":[{"name":"a","resources":{"limits":{"memory":"1Mi"}}},{"name":"b","resources":{"limits":{"memory":"2Mi"}}}]}"#, "3145728" as String?),
        (#"{"containers":[{"name":"a","resources":{"limits":{"memory":"1Mi"}}},{"name":"b"}]}"#, nil),
        (#"{"resources":{"limits":{"memory":"5Mi"}},"containers":[{"name":"a","resources":{"limits":{"memory":"1Mi"}}},{"name":"b"}]}"#, "5242880"),
        (#"{"initContainers":[{"name":"i","resources":{"limits":{"memory":"9Mi"}}}],"containers":[{"name":"a","resources":{"limits":{"memory":"1Mi"}}}]}"#, "9437184"),
        (#"{"initContainers":[{"name":"i","restartPolicy":"Always","resources":{"limits":{"memory":"1Mi"}}}],"containers":[{"name":"a","resources":{"limits":{"memory":"1Mi"}}}]}"#, "2097152"),
    ])
    func podLimit(spec: String, expected: String?) throws {
        let sandbox = try sandboxPlan(for: pod(spec), on: .test())
        #expect(sandbox.cgroup.writes.first { $0.file.hasSuffix("/memory.max") }?.value == expected)
    }

    @Test("a container without a limit lives under the pod's")
    func podLevel() throws {
        let pod = try pod(#"{"resources":{"limits":{"cpu":"2","memory":"1Gi"}},"containers":[{"name":"c"}]}"#)
        let writes = try plan(pod).cgroup.writes
        #expect(writes.contains { $0.file.hasSuffix("/cpu.max") && $0.value == "200000 100000" })
        #expect(writes.contains { $0.file.hasSuffix("/memory.max") && $0.value == "1073741824" })
    }

    @Test("the process limit is the pod's")
    func pids() throws {
        var node = try NodeFacts.test()
        node.podPIDsLimit = 100
        let sandbox = try sandboxPlan(for: pod(#"{"containers":[{"name":"c"}]}"#), on: node)
        #expect(sandbox.cgroup.writes.contains { $0.file.hasSuffix("/pids.max") && $0.value == "100" })
    }

    @Test("huge pages the node has are limited, to zero where nobody asks")
    func hugePages() throws {
        var node = try NodeFacts.test()
        node.allocatable["hugepages-2Mi"] = try quantity("64Mi")
        node.allocatable["hugepages-1Gi"] = try quantity("1Gi")
        let pod = try pod(#"{"containers":[{"name":"c","resources":{"limits":{"cpu":"1","memory":"1Gi","hugepages-2Mi":"4Mi"}}}]}"#)
        let writes = try plan(pod, on: node).cgroup.writes
        // A limit that cannot be written fails the start; a kernel without pages of that size has nothing to forbid.
        #expect(writes.contains { $0.file.hasSuffix("/hugetlb.2MB.max") && $0.value == "4194304" && !$0.isOptional })
        #expect(writes.contains { $0.file.hasSuffix("/hugetlb.2MB.rsvd.max") && $0.value == "4194304" && $0.isOptional })
        #expect(writes.contains { $0.file.hasSuffix("/hugetlb.1GB.max") && $0.value == "0" && $0.isOptional })
        node.cgroups = .v1(hierarchies: ["cpu": "/cg/cpu", "hugetlb": "/cg/hugetlb"])
        let legacy = try plan(pod, on: node).cgroup
        #expect(legacy.writes.contains { $0.file == "\(legacy.directories[1])/hugetlb.2MB.limit_in_bytes" && $0.value == "4194304" && !$0.isOptional })
        #expect(legacy.writes.contains { $0.file == "\(legacy.directories[1])/hugetlb.2MB.rsvd.limit_in_bytes" && $0.value == "4194304" })
        #expect(legacy.directories[1].hasPrefix("/cg/hugetlb/"))
    }

    @Test("a node's own cgroups come from the outside in, and the burstable shares are the sum")
    func node() throws {
        let burstable = #"{"containers":[{"name":"c","resources":{"requests":{"cpu":"500m"}}}]}"#
        let plans = try nodeCgroups(for: [pod(burstable), pod(burstable), pod("{}")], on: .test(NodeFacts.legacy))
        #expect(plans.map { $0.directories.first } == ["/cg/cpu/kubepods", "/cg/cpu/kubepods/burstable", "/cg/cpu/kubepods/besteffort"])
        #expect(plans[0].writes.contains(CgroupWrite(file: "/cg/cpu/kubepods/cpu.shares", value: "4096")))
        #expect(plans[0].writes.contains(CgroupWrite(file: "/cg/memory/kubepods/memory.limit_in_bytes", value: "8589934592")))
        #expect(plans[1].writes.contains(CgroupWrite(file: "/cg/cpu/kubepods/burstable/cpu.shares", value: "1024")))
        #expect(plans[2].writes.contains(CgroupWrite(file: "/cg/cpu/kubepods/besteffort/cpu.shares", value: "2")))
    }

    @Test("pods are kept to what is not reserved, which may be more than they may ask for")
    func limit() throws {
        var facts = try NodeFacts.test()
        facts.podMemory = 9 << 30
        #expect(nodeCgroups(for: [], on: facts)[0].writes.contains { $0.file == "/sys/fs/cgroup/kubepods/memory.max" && $0.value == "9663676416" })
    }

    @Test("on v2 every level hands its controllers on, beginning with the root")
    func delegation() throws {
        let writes = try nodeCgroups(for: [], on: .test()).flatMap(\.writes).filter { $0.file.hasSuffix("subtree_control") && $0.value == "+cpu" }
        #expect(writes.map(\.file) == ["", "/kubepods", "/kubepods/burstable", "/kubepods/besteffort"].map { "/sys/fs/cgroup\($0)/cgroup.subtree_control" })
    }

    @Test("CPU requests map onto weights and shares", arguments: [(0, 2, 1), (100, 102, 17), (1000, 1024, 100), (2000, 2048, 174), (10_000_000, 262_144, 10_000)])
    func weights(milliCPU: Int, shares: Int, weight: Int) {
        #expect(ResourcePlan.shares(milliCPU) == shares)
        #expect(cpuWeight(shares: shares) == weight)
    }

    @Test("the smallest quota is a millisecond")
    func quota() throws {
        let pod = try pod(#"{"containers":[{"name":"c","resources":{"limits":{"cpu":"1m"}}}]}"#)
        #expect(try plan(pod).cgroup.writes.contains { $0.file.hasSuffix("/cpu.max") && $0.value == "1000 100000" })
    }
}
