import KubeAPI
import Testing

@testable import ControlPlane

@Suite("DaemonSet plan")
struct DaemonSetPlanTests {
    private static func plan(_ set: JSONValue, nodes: [JSONValue], pods: [JSONValue] = [], revisions: [JSONValue] = []) -> Plan {
        DaemonSetPlanner.plan(DaemonSetState(set: set, pods: pods, nodes: nodes, revisions: revisions, now: Samples.now))
    }

    private static func pod(of set: JSONValue, on node: String, revision: String) -> JSONValue {
        var pod = StatefulSetPod.template(of: set, named: "log-\(node)")
        pod.set("metadata", "uid", to: .string("uid-log-\(node)"))
        pod.set("metadata", "labels", "controller-revision-hash", to: .string(revision))
        return pod.running(on: node)
    }

    @Test("every node that takes it gets a pod meant for that node")
    func create() {
        let plan = Self.plan(Samples.daemonSet(), nodes: [Samples.node("n1"), Samples.node("n2")])
        let pods = plan.created.filter { $0.kindName == "Pod" }
        #expect(pods.map(DaemonSetPlanner.node(of:)) == ["n1", "n2"])
        #expect(pods.allSatisfy { pod in pod.items("spec", "tolerations").contains { $0.text("key") == "node.kubernetes.io/unreachable" } })
        #expect(plan.status?.number("desiredNumberScheduled") == 2)
    }

    @Test("a tainted node is left out unless tolerated, an unready one is not", arguments: [
        ("dedicated", [:], 0), ("dedicated", ["tolerations": [["operator": "Exists"]]], 1), ("node.kubernetes.io/unschedulable", [:], 1),
    ] as [(String, JSONValue, Int)])
    func taints(key: String, spec: JSONValue, count: Int) {
        let node = Samples.node(spec: ["taints": [["key": .string(key), "effect": "NoSchedule"]]])
        let set = Samples.daemonSet(spec: ["template": ["spec": spec]])
        #expect(Self.plan(set, nodes: [node]).created.count { $0.kindName == "Pod" } == count)
    }

    @Test("a node that no longer matches loses its pod")
    func misplaced() {
        let set = Samples.daemonSet(spec: ["template": ["spec": ["nodeSelector": ["disk": "fast"]]]])
        #expect(Self.plan(set, nodes: [Samples.node()], pods: [Self.pod(of: set, on: "n1", revision: "x")]).deeds == ["delete pods/default/log-n1"])
    }

    @Test("a failed pod is replaced, and told of")
    func failed() {
        let set = Samples.daemonSet()
        let plan = Self.plan(set, nodes: [Samples.node()], pods: [Self.pod(of: set, on: "n1", revision: "x").inPhase("Failed")])
        #expect(plan.deeds == ["delete pods/default/log-n1"])
        #expect(plan.occurrences.map(\.reason) == ["FailedDaemonPod"])
    }

    @Test("a new template reaches as many pods at a time as may be unavailable", arguments: [
        ([:], 1), (["updateStrategy": ["rollingUpdate": ["maxUnavailable": 2]]], 2), (["updateStrategy": ["rollingUpdate": ["maxUnavailable": "100%"]]], 3),
        (["updateStrategy": ["type": "OnDelete", "rollingUpdate": .null]], 0),
    ] as [(JSONValue, Int)])
    func rollOut(spec: JSONValue, count: Int) {
        let set = Samples.daemonSet(spec: spec)
        let names = ["n1", "n2", "n3"]
        let plan = Self.plan(set, nodes: names.map { Samples.node($0) }, pods: names.map { Self.pod(of: set, on: $0, revision: "old") })
        #expect(plan.deeds.count { $0.hasPrefix("delete") } == count)
    }
}
