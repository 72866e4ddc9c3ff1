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
}
