import FoundationEssentials
import KubeAPI
import Testing

@testable import ControlPlane

@Suite("Garbage, nodes and events")
struct HousekeepingTests {
    private static func owned(by owners: JSONValue...) -> JSONValue {
        var pod = Samples.pod()
        pod.set("metadata", "ownerReferences", to: .array(owners.map(\.controllerReference)))
        return pod
    }

    private static func collect(_ objects: JSONValue...) -> [String] {
        GarbageCollector().plan(.everything, in: ObjectSet(objects), now: Samples.now).lines
    }

    private static func with(_ finalizer: String, _ object: JSONValue) -> JSONValue {
        var object = object.deleting
        object.addFinalizer(finalizer)
        return object
    }

    @Test("an object goes with its last owner, and stays with any other")
    func owners() {
        let (first, second) = (Samples.statefulSet("one"), Samples.statefulSet("two"))
        #expect(Self.collect(Self.owned(by: first), first) == [])
        #expect(Self.collect(Self.owned(by: first)) == ["delete pods/default/a"])
        #expect(Self.collect(Self.owned(by: first, second), second) == ["patch pods/default/a"])
        var successor = first
        successor.set("metadata", "uid", to: "another")
        #expect(Self.collect(Self.owned(by: first), successor) == ["delete pods/default/a"])
    }

    @Test("an owner of unknown kind keeps what it owns")
    func unknownOwner() {
        var pod = Samples.pod()
        pod.set("metadata", "ownerReferences", to: [["apiVersion": "example.com/v1", "kind": "Thing", "name": "x", "uid": "y"]])
        #expect(Self.collect(pod) == [])
    }

    @Test("foreground deletion deletes dependents first, then the owner")
    func foreground() {
        let owner = Self.with("foregroundDeletion", Samples.statefulSet())
        #expect(Self.collect(owner, Self.owned(by: owner)) == ["delete pods/default/a"])
        #expect(Self.collect(owner, Self.owned(by: owner).deleting) == [])
        #expect(Self.collect(owner) == ["patch statefulsets/default/web"])
    }

    @Test("orphaning cuts the dependents loose, then lets the owner go")
    func orphan() {
        let owner = Self.with("orphan", Samples.statefulSet())
        #expect(Self.collect(owner, Self.owned(by: owner)) == ["patch pods/default/a", "patch statefulsets/default/web"])
    }

    // MARK: nodes

    private static func lease(_ age: Double) -> JSONValue {
        [
            "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": ["name": "n1", "namespace": "kube-node-lease"],
            "spec": ["leaseDurationSeconds": 40, "renewTime": .string(Timestamp(Samples.now.addingTimeInterval(-age), hasMicroseconds: true).description)],
        ]
    }

    @Test("a renewed lease is looked at again when it would run out")
    func alive() {
        let plan = NodeLifecycle.plan(Samples.node(), lease: Self.lease(10), startedAt: .distantPast, now: Samples.now)
        #expect(plan.operations == [])
        #expect(plan.lookAgainAfter == .milliseconds(30_001))
    }

    @Test("a node whose lease ran out is unknown and tainted")
    func silent() {
        let plan = NodeLifecycle.plan(Samples.node(), lease: Self.lease(41), startedAt: .distantPast, now: Samples.now)
        #expect(plan.status?.items("conditions").first?.text("status") == "Unknown")
        #expect(plan.lines == ["status nodes/n1", "patch nodes/n1"])
    }

    @Test("a lease that ran out while the control plane was away says nothing")
    func restart() {
        let plan = NodeLifecycle.plan(Samples.node(), lease: Self.lease(3600), startedAt: Samples.now, now: Samples.now)
        #expect(plan.operations == [])
    }

    @Test("a taint goes when its condition does; others stay")
    func taints() {
        let node = Samples.node(spec: ["taints": [["key": "node.kubernetes.io/unreachable", "effect": "NoSchedule"], ["key": "mine", "effect": "NoSchedule"]]])
        let plan = NodeLifecycle.plan(node, lease: Self.lease(1), startedAt: .distantPast, now: Samples.now)
        guard case .patch(_, _, let change, _, _)? = plan.operations.first else { return #expect(Bool(false), "no patch") }
        #expect(change.items("spec", "taints").map { $0.text("key") } == ["mine"])
    }

    // MARK: pods and events

    @Test("pods nobody will finish are removed", arguments: [
        (Samples.pod().deleting, true), (Samples.pod().running().deleting, false), (Samples.pod().running(on: "gone").deleting, true),
        (Samples.pod().running(on: "gone"), false),
    ])
    func abandoned(pod: JSONValue, goes: Bool) {
        #expect(PodCollector.plan([pod], nodes: ["n1"], limit: 10).operations.isEmpty != goes)
    }

    @Test("of too many ended pods the oldest go")
    func ended() {
        let pods = ["c", "a", "b"].map { Samples.pod($0).inPhase("Succeeded") }
        #expect(PodCollector.plan(pods, nodes: [], limit: 2).lines == ["delete pods/default/a"])
    }

    @Test("events are forgotten after their lifetime")
    func events() {
        let occurrence = Occurrence(subject: Samples.pod().reference, severity: .normal, reason: "R", message: "m", component: "c")
        let old = EventRecorder.event(for: occurrence, at: Samples.now.addingTimeInterval(-3601))
        let collector = EventCollector(lifetime: .seconds(3600))
        #expect(collector.plan(.everything, in: ObjectSet([old]), now: Samples.now).lines.count == 1)
        let new = EventRecorder.event(for: occurrence, at: Samples.now)
        #expect(collector.plan(.everything, in: ObjectSet([new]), now: Samples.now).lines.isEmpty)
        #expect(old.meta.name == new.meta.name, "equal occurrences are one event")
    }
}
