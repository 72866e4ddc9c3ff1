import KubeAPI
import Testing

@testable import ControlPlane

@Suite("Claims and volumes")
struct ClaimTests {
    private static let item = WorkItem(namespace: "default", name: "data")

    private static func plan(_ objects: JSONValue...) -> Plan { ClaimBinder().plan(item, in: ObjectSet(objects), now: Samples.now) }

    private static let immediate: JSONValue = {
        var storage = Samples.storageClass
        storage["volumeBindingMode"] = "Immediate"
        return storage
    }()

    @Test("a claim waits for its first consumer, and says so")
    func waits() {
        let plan = Self.plan(Samples.claim(), Samples.storageClass)
        #expect(plan.lines == [])
        #expect(plan.occurrences.map(\.reason) == ["WaitForFirstConsumer"])
    }

    @Test("a claim with a node is handed to its class's provisioner")
    func provisioned() {
        var claim = Samples.claim()
        claim.set("metadata", "annotations", to: [ClaimBinding.selectedNode: "n1"])
        let plan = Self.plan(claim, Samples.storageClass, Samples.node())
        #expect(plan.lines == ["patch persistentvolumeclaims/default/data"])
        #expect(plan.occurrences.map(\.reason) == ["ExternalProvisioning"])
    }

    @Test("the smallest volume that does is taken")
    func smallest() {
        let plan = Self.plan(
            Samples.claim(storage: "50Mi"), Self.immediate, Samples.volume("big", storage: "1Gi"), Samples.volume("fit", storage: "60Mi"),
            Samples.volume("small", storage: "10Mi"))
        #expect(plan.lines == ["binding persistentvolumes/fit", "binding persistentvolumeclaims/default/data"])
    }

    static let misfits: [(String, JSONValue)] = [
        ("size", ["capacity": ["storage": "1Mi"]]), ("class", ["storageClassName": "other"]), ("access mode", ["accessModes": ["ReadOnlyMany"]]),
        ("mode", ["volumeMode": "Block"]), ("another claim's", ["claimRef": ["namespace": "default", "name": "other"]]),
    ]

    @Test("a volume that does not fit is left alone", arguments: misfits)
    func misfit(why: String, spec: JSONValue) {
        #expect(!Self.plan(Samples.claim(), Self.immediate, Samples.volume(spec: spec)).lines.contains { $0.hasPrefix("binding") })
    }

    @Test("a volume made for the claim is bound although the claim never named it")
    func reserved() {
        let claim = Samples.claim()
        let plan = Self.plan(claim, Samples.storageClass, Samples.volume(spec: ["claimRef": claim.reference], phase: "Pending"))
        #expect(plan.lines == ["binding persistentvolumes/pv", "binding persistentvolumeclaims/default/data"])
    }

    @Test("a bound claim whose volume is gone is lost")
    func lost() {
        var claim = Samples.claim(spec: ["volumeName": "pv"])
        claim.set("metadata", "annotations", to: [ClaimBinding.bindCompleted: "yes"])
        claim.set("status", "phase", to: "Bound")
        let plan = Self.plan(claim)
        #expect(plan.status?.text("phase") == "Lost")
        #expect(plan.occurrences.map(\.reason) == ["ClaimLost"])
    }

    @Test("a settled pair is left alone")
    func settled() {
        var claim = Samples.claim(spec: ["volumeName": "pv"])
        claim.set("metadata", "annotations", to: [ClaimBinding.bindCompleted: "yes"])
        claim.set("status", "phase", to: "Bound")
        #expect(Self.plan(claim, Samples.volume(spec: ["claimRef": claim.reference], phase: "Bound")) == Plan())
    }

    @Test("a deleted claim keeps its finalizer while a pod uses it", arguments: [
        (Samples.pod(spec: ["volumes": [["name": "v", "persistentVolumeClaim": ["claimName": "data"]]]]).running(), false),
        (Samples.pod(spec: ["volumes": [["name": "v", "persistentVolumeClaim": ["claimName": "data"]]]]).inPhase("Succeeded"), true),
        (Samples.pod(), true),
    ])
    func protection(pod: JSONValue, mayGo: Bool) {
        var claim = Samples.claim().deleting
        claim.addFinalizer("kubernetes.io/pvc-protection")
        #expect(Self.plan(claim, pod).lines == (mayGo ? ["patch persistentvolumeclaims/default/data"] : []))
    }

    @Test("a volume's phase follows its claim", arguments: [
        (nil, nil, "Available"), (Samples.claim().reference, Samples.claim(spec: ["volumeName": "pv"]), "Bound"),
        (Samples.claim().reference, nil, "Released"), (["namespace": "default", "name": "data"], nil, "Available"),
        (Samples.claim().reference, Samples.claim(spec: ["volumeName": "other"]), "Released"),
    ] as [(JSONValue?, JSONValue?, String)])
    func phase(reference: JSONValue?, claim: JSONValue?, expected: String) {
        let volume = Samples.volume(spec: reference.map { ["claimRef": $0] } ?? [:], phase: "Pending")
        #expect(VolumeController.plan(volume, reference: reference, claim: claim).status?.text("phase") == expected)
    }

    @Test("the newest default class is given to a claim without one")
    func defaultClass() {
        var old = Samples.storageClass
        old.set("metadata", "creationTimestamp", to: "2020-01-01T00:00:00Z")
        var new = old
        new.set("metadata", "name", to: "new")
        new.set("metadata", "creationTimestamp", to: "2021-01-01T00:00:00Z")
        #expect(StorageClasses.defaultClass(among: [old, new]) == "new")
        #expect(StorageClasses.defaultClass(among: []) == nil)
    }

    @Test("a generic ephemeral volume gets a claim of its pod's")
    func ephemeral() {
        let pod = Samples.pod(spec: [
            "volumes": [["name": "tmp", "ephemeral": ["volumeClaimTemplate": ["spec": Samples.claim()["spec"] ?? .null]]]]
        ])
        func plan(_ objects: JSONValue...) -> Plan {
            EphemeralVolumes().plan(pod.workItem, in: ObjectSet([pod] + objects), now: Samples.now)
        }
        let claim = plan().created[0]
        #expect(claim.meta.name == "a-tmp")
        #expect(claim.meta.isControlled(by: pod.meta.uid))
        #expect(plan(claim) == Plan())
        #expect(plan(Samples.claim("a-tmp")).occurrences.map(\.reason) == ["FailedBinding"])
    }
}
