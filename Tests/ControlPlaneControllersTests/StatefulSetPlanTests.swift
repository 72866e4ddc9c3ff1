import FoundationEssentials
import KubeAPI
import Testing

@testable import ControlPlane

/// A StatefulSet and its pods at one moment, as the controller sees them.
struct SetWorld {
    var set: JSONValue
    var pods: [JSONValue] = []
    var claims: [String: JSONValue] = [:]
    var revisions: [JSONValue] = []

    init(_ set: JSONValue) {
        self.set = set
        revise()
    }

    /// The set's current template becomes its newest revision.
    mutating func revise() {
        let history = RevisionHistory(of: set, among: revisions)
        revisions = history.revisions
    }

    var newest: String { RevisionHistory(of: set, among: revisions).update.meta.name }

    mutating func add(_ ordinals: [Int], _ state: (JSONValue) -> JSONValue = { $0.running() }) {
        for ordinal in ordinals {
            var pod = StatefulSetPod.pod(ordinal, of: set, revision: newest)
            pod.set("metadata", "uid", to: .string("uid-web-\(ordinal)"))
            pods.append(state(pod))
            for var claim in StatefulSetPod.claims(ordinal, of: set) {
                claim.set("metadata", "uid", to: .string("uid-\(claim.meta.name)"))
                claims[claim.meta.name] = claim
            }
        }
    }

    var plan: Plan {
        StatefulSetPlanner.plan(StatefulSetState(set: set, pods: pods, claims: claims, revisions: revisions, now: Samples.now))
    }
}

@Suite("StatefulSet plan")
struct StatefulSetPlanTests {
    @Test("an ordered set makes its first pod, claim first")
    func first() {
        let plan = SetWorld(Samples.statefulSet()).plan
        #expect(plan.deeds == ["create persistentvolumeclaims/default/www-web-0", "create pods/default/web-0"])
        let pod = plan.created[1]
        #expect(pod.text("spec", "hostname") == "web-0")
        #expect(pod.text("spec", "subdomain") == "web")
        #expect(pod.meta.labels["statefulset.kubernetes.io/pod-name"] == "web-0")
        #expect(pod.meta.labels["apps.kubernetes.io/pod-index"] == "0")
        #expect(pod.meta.labels["controller-revision-hash"]?.hasPrefix("web-") == true)
        #expect(pod.meta.isControlled(by: "uid-web"))
        #expect(pod.items("spec", "volumes").first?.text("persistentVolumeClaim", "claimName") == "www-web-0")
    }

    @Test("the next pod waits until the one before is ready", arguments: [false, true])
    func ordered(ready: Bool) {
        var world = SetWorld(Samples.statefulSet())
        world.add([0]) { $0.running(ready: ready) }
        #expect(world.plan.deeds.contains("create pods/default/web-1") == ready)
    }

    @Test("a parallel set makes all pods at once")
    func parallel() {
        let plan = SetWorld(Samples.statefulSet(spec: ["podManagementPolicy": "Parallel"])).plan
        #expect(plan.deeds.filter { $0.contains("pods/") }.count == 3)
    }

    @Test("a start ordinal shifts every name")
    func ordinals() {
        let plan = SetWorld(Samples.statefulSet(spec: ["ordinals": ["start": 5]])).plan
        #expect(plan.deeds.last == "create pods/default/web-5")
    }

    @Test("scaling down goes from the top, one at a time when ordered", arguments: [("OrderedReady", 1), ("Parallel", 2)])
    func scaleDown(policy: String, count: Int) {
        var world = SetWorld(Samples.statefulSet(spec: ["podManagementPolicy": .string(policy)]))
        world.add([0, 1, 2])
        world.set.set("spec", "replicas", to: 1)
        #expect(world.plan.deeds == (["delete pods/default/web-2", "delete pods/default/web-1"]).prefix(count).map { $0 })
    }

    @Test("a pod that is being deleted holds up an ordered set")
    func terminating() {
        var world = SetWorld(Samples.statefulSet())
        world.add([0]) { $0.running().deleting }
        world.add([2])
        #expect(world.plan.deeds == [])
    }

    @Test("a pod that is over is deleted, to come back", arguments: ["Failed", "Succeeded"])
    func ended(phase: String) {
        var world = SetWorld(Samples.statefulSet())
        world.add([0]) { $0.inPhase(phase) }
        let plan = world.plan
        #expect(plan.deeds == ["delete pods/default/web-0"])
        #expect(plan.occurrences.map(\.reason) == [phase == "Failed" ? "RecreatingFailedPod" : "RecreatingTerminatedPod"])
    }

    private func changed(_ spec: JSONValue = [:]) -> SetWorld {
        var world = SetWorld(Samples.statefulSet(spec: spec))
        world.add([0, 1, 2])
        world.set.set("status", "currentRevision", to: .string(world.newest))
        world.set.set("spec", "template", "metadata", "annotations", to: ["version": "2"])
        return world
    }

    @Test("a new template is rolled out from the highest ordinal", arguments: [
        ([:], ["delete pods/default/web-2"]),
        (["updateStrategy": ["type": "OnDelete", "rollingUpdate": .null]], []),
        (["updateStrategy": ["rollingUpdate": ["partition": 3]]], []),
        (["updateStrategy": ["rollingUpdate": ["maxUnavailable": 2]]], ["delete pods/default/web-2", "delete pods/default/web-1"]),
    ] as [(JSONValue, [String])])
    func rollOut(spec: JSONValue, expected: [String]) { #expect(changed(spec).plan.deeds == expected) }

    @Test("the roll-out waits for the renewed pod, and stops at the partition")
    func rollOutOrder() {
        var world = changed(["updateStrategy": ["rollingUpdate": ["partition": 1]]])
        world.revise()
        world.pods.removeAll { $0.meta.name == "web-2" }
        world.add([2]) { $0.running(ready: false) }
        #expect(world.plan.deeds == [])
        world.pods.removeAll { $0.meta.name == "web-2" }
        world.add([2])
        #expect(world.plan.deeds == ["delete pods/default/web-1"])
        world.pods.removeAll { $0.meta.name == "web-1" }
        world.add([1])
        #expect(world.plan.deeds == [])
    }

    @Test("below the partition a lost pod comes back as it was")
    func partitionKeeps() {
        var world = changed(["updateStrategy": ["rollingUpdate": ["partition": 3]]])
        let old = world.pods[0].podRevision
        world.pods.removeAll { $0.meta.name == "web-0" }
        let pod = world.plan.created.first { $0.kindName == "Pod" }
        #expect(pod?.podRevision == old)
        #expect(pod?.meta.annotations == [:])
    }

    @Test("the status counts what there is")
    func status() {
        var world = changed(["updateStrategy": ["rollingUpdate": ["partition": 2]]])
        world.revise()
        world.pods.removeAll { $0.meta.name == "web-2" }
        world.add([2]) { $0.running(ready: false) }
        let status = world.plan.status
        #expect(status?.number("replicas") == 3)
        #expect(status?.number("readyReplicas") == 2)
        #expect(status?.number("availableReplicas") == 2)
        #expect(status?.number("currentReplicas") == 2)
        #expect(status?.number("updatedReplicas") == 1)
        #expect(status?.number("observedGeneration") == 1)
        #expect(status?.text("updateRevision") == world.newest)
    }

    @Test("when all pods are renewed, the current revision moves on")
    func completed() {
        var world = changed()
        world.revise()
        world.pods = []
        world.add([0, 1, 2])
        #expect(world.plan.status?.text("currentRevision") == world.newest)
    }

    @Test("minReadySeconds delays the next step, and says for how long")
    func minReady() {
        var world = SetWorld(Samples.statefulSet(spec: ["minReadySeconds": 10]))
        world.add([0]) { $0.running(since: Samples.now.addingTimeInterval(-4)) }
        let plan = world.plan
        #expect(plan.deeds == [])
        #expect(plan.lookAgainAfter == .milliseconds(6001))
    }

    @Test("claims are owned as the retention policy asks", arguments: [
        ("Retain", "Retain", 1, []), ("Delete", "Retain", 1, ["uid-web"]), ("Retain", "Delete", 0, ["uid-web-0"]), ("Delete", "Delete", 0, ["uid-web-0"]),
        ("Retain", "Delete", 1, []),
    ] as [(String, String, Int, [String])])
    func retention(whenDeleted: String, whenScaled: String, replicas: Int, owners: [String]) {
        var world = SetWorld(Samples.statefulSet(spec: [
            "persistentVolumeClaimRetentionPolicy": ["whenDeleted": .string(whenDeleted), "whenScaled": .string(whenScaled)]
        ]))
        world.add([0])
        world.set.set("spec", "replicas", to: .int(replicas))
        var found: [String] = []
        for case .patch(let target, _, let change, _, _) in world.plan.flat where target.name == "www-web-0" {
            found = change.items("metadata", "ownerReferences").map { $0.text("uid") }
        }
        #expect(found == owners)
    }

    @Test("a claim that is going away with an earlier pod is waited for")
    func staleClaim() {
        var world = SetWorld(Samples.statefulSet())
        world.add([0])
        world.pods = []
        world.claims["www-web-0"] = world.claims["www-web-0"]?.deleting
        #expect(world.plan.deeds == [])
    }

    @Test("a set that is being deleted does nothing more")
    func deleted() { #expect(SetWorld(Samples.statefulSet().deleting).plan == Plan()) }

    @Test("a pod of the right name and labels is adopted, one that lost its labels is released")
    func adoption() {
        var world = SetWorld(Samples.statefulSet())
        world.add([0, 1])
        world.pods[0].set("metadata", "ownerReferences", to: nil)
        world.pods[1].set("metadata", "labels", to: ["app": "other"])
        #expect(world.plan.deeds.prefix(2) == ["patch pods/default/web-0", "patch pods/default/web-1"])
    }

    @Test("old revisions nobody uses are deleted beyond the limit")
    func history() {
        var world = SetWorld(Samples.statefulSet(spec: ["revisionHistoryLimit": 1]))
        for version in 1...4 {
            world.set.set("spec", "template", "metadata", "annotations", to: ["version": .string("\(version)")])
            world.revise()
        }
        #expect(world.revisions.count == 5)
        world.set.set("status", "currentRevision", to: .string(world.newest))
        #expect(world.plan.lines.count { $0.hasPrefix("delete controllerrevisions") } == 3)
    }

    @Test("going back to an earlier template reuses its revision")
    func undo() {
        var world = SetWorld(Samples.statefulSet())
        let first = world.newest
        world.set.set("spec", "template", "metadata", "annotations", to: ["version": "2"])
        world.revise()
        world.set.set("spec", "template", "metadata", "annotations", to: nil)
        let history = RevisionHistory(of: world.set, among: world.revisions)
        #expect(history.update.meta.name == first)
        #expect(history.update.number("revision") == 3)
    }
}
