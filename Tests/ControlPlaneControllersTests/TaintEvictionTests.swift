import FoundationEssentials
import KubeAPI
import Testing

@testable import ControlPlane

@Suite("Eviction by taints")
struct TaintEvictionTests {
    private static let node = Samples.node(spec: ["taints": [["key": "moon", "value": "full", "effect": "NoExecute"]]])

    private static func plan(_ tolerations: JSONValue, after seconds: Double, node: JSONValue = node) -> Plan {
        var pod = Samples.pod(spec: ["tolerations": tolerations]).running()
        pod.set("status", "startTime", to: nil)
        return TaintEviction.plan(node, pods: [pod], startedAt: Samples.now, now: Samples.now.addingTimeInterval(seconds))
    }

    @Test("a pod that does not tolerate a NoExecute taint goes, one that does stays as long as it says")
    func tolerations() {
        #expect(Self.plan([], after: 0).lines == ["delete pods/default/a"])
        #expect(Self.plan([["key": "moon", "operator": "Exists"]], after: 1e6) == Plan())
        let minute: JSONValue = [["key": "moon", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 60]]
        #expect(Self.plan(minute, after: 20).lookAgainAfter == .milliseconds(40_001))
        #expect(Self.plan(minute, after: 20).operations.isEmpty)
        #expect(Self.plan(minute, after: 61).lines == ["delete pods/default/a"])
    }

    @Test("other taints do not end pods, nor does a node that is away", arguments: [
        ["key": "moon", "effect": "NoSchedule"], ["key": "node.kubernetes.io/unreachable", "effect": "NoExecute"],
    ] as [JSONValue])
    func others(taint: JSONValue) {
        #expect(Self.plan([], after: 1e6, node: Samples.node(spec: ["taints": [taint]])) == Plan())
    }
}
