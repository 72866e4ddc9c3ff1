import KubeAPI
import PodPlanning
import SandboxPlan
import Testing

@Suite("In-place resize")
struct ResizeTests {
    static func spec(_ limits: String, policy: String = "[]", pod: String = "") -> String {
        #"{\#(pod)"containers":[{"name":"a","resizePolicy":\#(policy),"resources":{"limits":\#(limits)}}]}"#
    }

    static let old = spec(#"{"cpu":"1","memory":"1Gi"}"#)

    @Test("the node grants what it has room for", arguments: [
        (old, "unchanged"),
        (spec(#"{"cpu":"1000m","memory":"1024Mi"}"#), "unchanged"),
        (spec(#"{"cpu":"2","memory":"1Gi"}"#), "granted"),
        (spec(#"{"cpu":"3500m","memory":"1Gi"}"#), "deferred"),
        (spec(#"{"cpu":"5","memory":"1Gi"}"#), "infeasible"),
        (spec(#"{"cpu":"1","memory":"9Gi"}"#), "infeasible"),
        (spec(#"{"cpu":"500m","memory":"512Mi"}"#), "granted"),
    ])
    func verdict(wanted: String, expected: String) throws {
        let other = try pod(#"{"containers":[{"name":"o","resources":{"requests":{"cpu":"1"}}}]}"#)
        let verdict = try resizeVerdict(for: pod(wanted), from: ResourceAllocation(of: pod(Self.old).spec), admitted: [other], on: .test())
        switch verdict {
        case .unchanged: #expect(expected == "unchanged")
        case .granted(let allocation):
            #expect(expected == "granted")
            #expect(try allocation.applied(to: pod(Self.old)).spec.containers == pod(wanted).spec.containers)
        case .deferred(let message):
            #expect(expected == "deferred")
            #expect(message == "Node didn't have enough resource: cpu, requested: 3500, used: 1000, capacity: 4000")
        case .infeasible(let message):
            #expect(expected == "infeasible")
            #expect(message.hasPrefix("Node didn't have enough capacity: "))
        }
    }

    /// A pod whose container runs with the resources of `old`, granted those of `granted`.
    static func actions(_ granted: String, memoryInUse: [String: Int] = [:], on node: NodeFacts? = nil) throws -> [ResizeAction] {
        var world = try PodWorld(Self.old)
        world.settle()
        world.record[container: "a"].current?.resources = try pod(Self.old).spec.containers.first?.resources
        return try resizeActions(for: pod(granted), inForce: ResourceAllocation(of: pod(Self.old).spec), record: world.record, memoryInUse: memoryInUse, on: node ?? .test())
    }

    static func lines(_ actions: [ResizeAction]) -> [String] {
        actions.flatMap { action in
            switch action {
            case .write(let writes, let containers, _): writes.map { "\($0.file.split(separator: "/").suffix(2).joined(separator: "/"))=\($0.value)" } + containers
            case .restart(let name): ["restart \(name)"]
            case .refused(let message): [message]
            }
        }
    }

    @Test("nothing is written when nothing changes")
    func same() throws { #expect(try Self.actions(Self.old).isEmpty) }

    @Test("growing begins at the pod")
    func grow() throws {
        #expect(try Self.lines(Self.actions(Self.spec(#"{"cpu":"2","memory":"2Gi"}"#))) == [
            "podu1/cpu.weight=174", "podu1/cpu.max=200000 100000", "podu1/memory.max=2147483648",
            "a0/cpu.weight=174", "a0/cpu.max=200000 100000", "a0/memory.max=2147483648", "a",
        ])
    }

    @Test("shrinking ends at the pod")
    func shrink() throws {
        #expect(try Self.lines(Self.actions(Self.spec(#"{"cpu":"1","memory":"512Mi"}"#))) == ["a0/memory.max=536870912", "podu1/memory.max=536870912", "a"])
    }

    @Test("on v1 memory and swap together are never below memory", arguments: [
        ("2Gi", ["memory.memsw.limit_in_bytes", "memory.limit_in_bytes"]), ("512Mi", ["memory.limit_in_bytes", "memory.memsw.limit_in_bytes"]),
    ])
    func legacyOrder(memory: String, expected: [String]) throws {
        let lines = try Self.lines(Self.actions(Self.spec(#"{"cpu":"1","memory":"\#(memory)"}"#), on: .test(NodeFacts.legacy)))
        #expect(lines.filter { $0.hasPrefix("a0/") }.map { $0.dropFirst(3).prefix { $0 != "=" } } == expected.map { $0[...] })
    }

    @Test("a policy that wants a restart gets one, for its resource only", arguments: [("cpu", ["restart a"]), ("memory", [])])
    func restart(resource: String, expected: [String]) throws {
        let policy = #"[{"resourceName":"\#(resource)","restartPolicy":"RestartContainer"}]"#
        let lines = try Self.lines(Self.actions(Self.spec(#"{"cpu":"2","memory":"1Gi"}"#, policy: policy)))
        #expect(lines.filter { $0.hasPrefix("restart") } == expected)
    }

    @Test("memory in use is not taken away")
    func inUse() throws {
        let lines = try Self.lines(Self.actions(Self.spec(#"{"cpu":"1","memory":"512Mi"}"#), memoryInUse: ["a": 600 << 20]))
        #expect(lines == ["cannot decrease memory limits: attempting to set container \"a\" memory limit (536870912) below current usage (629145600)"])
    }

    @Test("conditions say what a resize waits for")
    func conditions() throws {
        var world = try PodWorld(Self.old)
        world.settle()
        world.record[container: "a"].current?.resources = world.pod.spec.containers[0].resources
        world.record.allocation = ResourceAllocation(of: world.pod.spec)
        #expect(!world.status.conditions.contains { $0.type.hasPrefix("PodResize") })
        world.record.allocation = ResourceAllocation(of: try pod(Self.spec(#"{"cpu":"2","memory":"1Gi"}"#)).spec)
        #expect(world.status.conditions.contains { $0.type == "PodResizeInProgress" && $0.status == "True" })
        #expect(world.status.containerStatuses.first?.allocatedResources["cpu"] == nil)
        world.record.resizePending = PodFailure(reason: "Deferred", message: "m")
        #expect(world.status.conditions.contains { $0.type == "PodResizePending" && $0.reason == "Deferred" && $0.message == "m" })
    }
}
