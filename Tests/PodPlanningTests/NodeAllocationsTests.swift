import KubeAPI
import PodPlanning
import Testing

@Suite("What pods hold of the node")
struct NodeAllocationsTests {
    private func pod(_ name: String, cpu: String, priority: Int = 0) throws -> Pod {
        var pod = try PodPlanningTests.pod(#"{"priority":\#(priority),"containers":[{"name":"a","resources":{"requests":{"cpu":"\#(cpu)"}}}]}"#, name: name)
        pod.metadata.uid = name
        return pod
    }

    @Test("a new pod is measured against what the others were granted, not against what they want")
    func admission() throws {
        var node = NodeAllocations()
        #expect(node.admit(try pod("a", cpu: "3"), taints: [], on: try .test()) == nil)
        #expect(node.review(try pod("a", cpu: "1"), on: try .test())?.pending == nil)
        #expect(node.review(try pod("a", cpu: "9"), on: try .test())?.pending?.reason == "Infeasible")
        #expect(node.admit(try pod("b", cpu: "3"), taints: [], on: try .test()) == nil)
        #expect(node.admit(try pod("c", cpu: "1"), taints: [], on: try .test())?.reason == "OutOfcpu")
    }

    @Test("what waits is granted when another pod ends, to the most important first")
    func deferred() throws {
        var node = NodeAllocations()
        for (name, cpu, priority) in [("big", "2", 0), ("low", "1", 1), ("high", "1", 2)] {
            #expect(node.admit(try pod(name, cpu: cpu, priority: priority), taints: [], on: try .test()) == nil)
        }
        #expect(node.review(try pod("low", cpu: "3", priority: 1), on: try .test())?.pending?.reason == "Deferred")
        #expect(node.review(try pod("high", cpu: "3", priority: 2), on: try .test())?.pending?.reason == "Deferred")
        #expect(node.reviewDeferred(on: try .test()).isEmpty)
        node.release("big")
        let news = node.reviewDeferred(on: try .test())
        #expect(Array(news.keys) == ["high"])
        #expect(news["high"]?.allocation == ResourceAllocation(of: try pod("high", cpu: "3").spec))
        node.release("high")
        #expect(Array(node.reviewDeferred(on: try .test()).keys) == ["low"])
    }

    @Test("a resize taken back is not granted later")
    func takenBack() throws {
        var node = NodeAllocations()
        #expect(node.admit(try pod("a", cpu: "2"), taints: [], on: try .test()) == nil)
        #expect(node.admit(try pod("b", cpu: "2"), taints: [], on: try .test()) == nil)
        #expect(node.review(try pod("b", cpu: "3"), on: try .test())?.pending != nil)
        #expect(node.review(try pod("b", cpu: "2"), on: try .test())?.pending == nil)
        node.release("a")
        #expect(node.reviewDeferred(on: try .test()).isEmpty)
    }

    private func held(_ name: String, _ cpu: String, guaranteed: Bool = false, priority: Int = 0) throws -> Pod {
        let resources = guaranteed ? #"{"limits":{"cpu":"\#(cpu)","memory":"1Gi"}}"# : cpu == "0" ? "{}" : #"{"requests":{"cpu":"\#(cpu)"}}"#
        var pod = try PodPlanningTests.pod(#"{"priority":\#(priority),"containers":[{"name":"a","resources":\#(resources)}]}"#, name: name)
        pod.metadata.uid = name
        return pod
    }

    @Test("a critical pod displaces the least important that make room for it, and nobody in vain", arguments: [
        // Of four CPUs, three are taken: one more is missing for two.
        ([("g", "1", true), ("b1", "1", false), ("b2", "1", false), ("e", "0", false)], "2", ["b1"]),
        ([("g", "1", true), ("small", "500m", false), ("large", "1500m", false)], "2", ["large"]),
        ([("g", "3", true), ("b", "1", false)], "1", ["b"]),
        ([("g", "2", true), ("b", "1", false)], "3", ["g"]), ([("g", "2", true), ("b", "1", false)], "4", ["b", "g"]),
        ([("g", "2", true), ("b", "1", false)], "5", nil),
        ([("g", "1", true)], "2", []),
    ] as [([(String, String, Bool)], String, [String]?)])
    func preemption(others: [(String, String, Bool)], asks: String, expected: [String]?) throws {
        var node = NodeAllocations()
        for (name, cpu, guaranteed) in others { #expect(node.admit(try held(name, cpu, guaranteed: guaranteed), taints: [], on: try .test()) == nil) }
        var victims: [Pod] = []
        let failure = node.admit(try held("critical", asks, priority: 2_000_000_000), taints: [], on: try .test(), displacing: &victims)
        #expect(failure?.reason == (expected == nil ? "OutOfcpu" : nil))
        #expect(victims.map(\.metadata.uid) == expected ?? [])
        #expect(node.pods.count == others.count + (expected.map { 1 - $0.count } ?? 0))
    }

    @Test("only a critical pod displaces, no other critical one, and none where it could not run either")
    func noPreemption() throws {
        var victims: [Pod] = []
        for (priority, other, spec) in [(1000, 0, "{}"), (2_000_000_000, 2_000_000_000, "{}"), (2_000_000_000, 0, #"{"disk":"hdd"}"#)] {
            var node = NodeAllocations()
            #expect(node.admit(try held("there", "3", priority: other), taints: [], on: try .test()) == nil)
            var pod = try held("new", "3", priority: priority)
            pod.spec.nodeSelector = try decoded(spec)
            #expect(node.admit(pod, taints: [], on: try .test(), displacing: &victims)?.reason == "OutOfcpu")
            #expect(victims.isEmpty && node.pods.map(\.metadata.uid) == ["there"])
        }
    }

    @Test("a static pod, which needs no priority to be critical, stays")
    func staticPods() throws {
        var node = NodeAllocations()
        var there = try held("there", "3")
        there.spec.priority = nil
        there.metadata.annotations["kubernetes.io/config.source"] = "file"
        #expect(node.admit(there, taints: [], on: try .test()) == nil)
        var victims: [Pod] = []
        let failure = node.admit(try held("new", "3", priority: 2_000_001_000), taints: [], on: try .test(), displacing: &victims)
        #expect(failure?.reason == "OutOfcpu" && victims.isEmpty)
    }

    @Test("on a node full of pods, a critical one takes the place of one")
    func places() throws {
        var facts = try NodeFacts.test()
        facts.allocatable["pods"] = try quantity("2")
        var node = NodeAllocations()
        for name in ["a", "b"] { #expect(node.admit(try held(name, name == "a" ? "1" : "0"), taints: [], on: facts) == nil) }
        var victims: [Pod] = []
        #expect(node.admit(try held("c", "0", priority: 2_000_000_000), taints: [], on: facts, displacing: &victims) == nil)
        #expect(victims.map(\.metadata.uid) == ["b"])
    }
}
