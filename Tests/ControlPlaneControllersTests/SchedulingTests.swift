import KubeAPI
import Testing

@testable import ControlPlane

@Suite("Scheduling")
struct SchedulingTests {
    private static func plan(_ objects: JSONValue...) -> Plan { Scheduler().plan(.everything, in: ObjectSet(objects), now: Samples.now) }


    @Test("a pod that fits is bound and told so")
    func fits() {
        let plan = Self.plan(Samples.pod(), Samples.node())
        #expect(plan.lines == ["binding pods/default/a"])
        #expect(plan.occurrences.map(\.message) == ["Successfully assigned default/a to n1"])
    }

    static let refusals: [(String, JSONValue, JSONValue)] = [
        ("1 node(s) didn't match Pod's node affinity/selector", Samples.pod(spec: ["nodeSelector": ["disk": "fast"]]), Samples.node()),
        (
            "1 node(s) didn't match Pod's node affinity/selector",
            Samples.pod(spec: ["affinity": ["nodeAffinity": ["requiredDuringSchedulingIgnoredDuringExecution": ["nodeSelectorTerms": [["matchExpressions": [["key": "a", "operator": "Exists"]]]]]]]]),
            Samples.node()
        ),
        ("1 node(s) had untolerated taint {key: value}", Samples.pod(), Samples.node(spec: ["taints": [["key": "key", "value": "value", "effect": "NoSchedule"]]])),
        ("1 node(s) were unschedulable", Samples.pod(), Samples.node(spec: ["unschedulable": true])),
        ("1 Insufficient cpu", Samples.pod(spec: ["containers": [["name": "c", "image": "i", "resources": ["requests": ["cpu": "3"]]]]]), Samples.node()),
        ("1 Insufficient cpu, 1 Insufficient memory", Samples.pod(spec: ["containers": [["name": "c", "image": "i", "resources": ["requests": ["cpu": "3", "memory": "1Ti"]]]]]), Samples.node()),
        ("1 Insufficient cpu", Samples.pod(spec: ["initContainers": [["name": "i", "image": "i", "resources": ["requests": ["cpu": "3"]]]]]), Samples.node()),
    ]

    @Test("a pod that does not fit is told why in the familiar words", arguments: refusals)
    func refused(reason: String, pod: JSONValue, node: JSONValue) {
        let plan = Self.plan(pod, node)
        let expected =
            "0/1 nodes are available: \(reason). preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling."
        #expect(plan.occurrences.map(\.message) == [expected])
        #expect(plan.status?.items("conditions").first?.text("reason") == "Unschedulable")
    }

    @Test("an unchanged verdict is not repeated")
    func quiet() {
        var pod = Samples.pod()
        let refusal = Self.plan(pod).status ?? .null
        pod["status"] = refusal
        #expect(Self.plan(pod) == Plan())
    }

    @Test("tolerations open tainted nodes", arguments: [
        (["operator": "Exists"], true), (["key": "k", "operator": "Exists"], true), (["key": "k", "value": "v"], true),
        (["key": "k", "value": "w"], false), (["key": "k", "operator": "Exists", "effect": "NoExecute"], false),
    ] as [(JSONValue, Bool)])
    func tolerations(toleration: JSONValue, isOpen: Bool) {
        let node = Samples.node(spec: ["taints": [["key": "k", "value": "v", "effect": "NoSchedule"]]])
        #expect((Self.plan(Samples.pod(spec: ["tolerations": [toleration]]), node).lines == ["binding pods/default/a"]) == isOpen)
    }

    @Test("two pods are not promised the same room")
    func room() {
        let spec: JSONValue = ["containers": [["name": "c", "image": "i", "resources": ["requests": ["cpu": "1500m"]]]]]
        let plan = Self.plan(Samples.pod("a", spec: spec), Samples.pod("b", spec: spec), Samples.node())
        #expect(plan.lines == ["binding pods/default/a", "status pods/default/b"])
    }

    @Test("a host port is held by one pod", arguments: [("", "", true), ("127.0.0.1", "127.0.0.2", false), ("0.0.0.0", "127.0.0.2", true)])
    func hostPort(mine: String, theirs: String, collides: Bool) {
        func demand(_ ip: String) -> ResourceDemand {
            ResourceDemand(of: Samples.pod(spec: ["containers": [["name": "c", "image": "i", "ports": [["containerPort": 80, "hostPort": 80, "hostIP": .string(ip)]]]]]))
        }
        #expect(demand(mine).collides(with: demand(theirs)) == collides)
    }

    private static let claiming = Samples.pod(spec: ["volumes": [["name": "v", "persistentVolumeClaim": ["claimName": "data"]]]])

    @Test("a claim that waits for its first consumer learns the node first")
    func firstConsumer() {
        let plan = Self.plan(Self.claiming, Samples.node(), Samples.claim(), Samples.storageClass)
        #expect(plan.lines == ["patch persistentvolumeclaims/default/data"])
        guard case .patch(_, _, let change, _, _)? = plan.flat.first else { return }
        #expect(change.text("metadata", "annotations", ClaimBinding.selectedNode) == "n1")
    }

    @Test("a missing claim is named")
    func missingClaim() {
        let message = Self.plan(Self.claiming, Samples.node()).occurrences.first?.message
        #expect(message?.hasPrefix("0/1 nodes are available: persistentvolumeclaim \"data\" not found.") == true)
    }

    @Test("a bound volume of another node keeps the pod away")
    func foreignVolume() {
        var claim = Samples.claim(spec: ["volumeName": "pv"])
        claim.set("metadata", "annotations", to: [ClaimBinding.bindCompleted: "yes"])
        let volume = Samples.volume(spec: [
            "nodeAffinity": ["required": ["nodeSelectorTerms": [["matchExpressions": [["key": "kubernetes.io/hostname", "operator": "In", "values": ["n2"]]]]]]]
        ])
        let message = Self.plan(Self.claiming, Samples.node(), claim, volume).occurrences.first?.message
        #expect(message?.contains("1 node(s) didn't match PersistentVolume's node affinity") == true)
    }

    private static func near(_ kind: String, _ app: String, labels: [String: String] = [:]) -> JSONValue {
        var pod = Samples.pod("b", spec: [
            "affinity": [
                kind: [
                    "requiredDuringSchedulingIgnoredDuringExecution": [
                        ["topologyKey": "kubernetes.io/hostname", "labelSelector": ["matchLabels": ["app": .string(app)]]]
                    ]
                ]
            ]
        ])
        pod.set("metadata", "labels", to: labels.json)
        return pod
    }

    @Test("pods seek and avoid each other", arguments: [
        (Self.near("podAffinity", "a"), nil), (Self.near("podAffinity", "x"), "1 node(s) didn't match pod affinity rules"),
        (Self.near("podAffinity", "x", labels: ["app": "x"]), nil), (Self.near("podAntiAffinity", "x"), nil),
        (Self.near("podAntiAffinity", "a"), "1 node(s) didn't match pod anti-affinity rules"),
    ])
    func affinity(pod: JSONValue, reason: String?) {
        var other = Samples.pod("a").running()
        other.set("metadata", "labels", to: ["app": "a"])
        let plan = Self.plan(pod, other, Samples.node())
        if let reason {
            #expect(plan.occurrences.first?.message.contains(reason) == true)
        } else {
            #expect(plan.lines == ["binding pods/default/b"])
        }
    }

    @Test("terms look in the namespaces that a selector selects", arguments: [("full", true), ("half", false)])
    func namespaces(moon: String, isNear: Bool) {
        var pod = Self.near("podAffinity", "a")
        let path = "requiredDuringSchedulingIgnoredDuringExecution"
        var term = pod.items("spec", "affinity", "podAffinity", path)[0]
        term["namespaceSelector"] = ["matchLabels": ["moon": .string(moon)]]
        pod.set("spec", "affinity", "podAffinity", path, to: [term])
        var other = Samples.pod("a").running()
        other.set("metadata", "labels", to: ["app": "a"])
        let namespace: JSONValue = ["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": "default", "uid": "u", "labels": ["moon": "full"]]]
        #expect((Self.plan(pod, other, Samples.node(), namespace).lines == ["binding pods/default/b"]) == isNear)
    }

    @Test("missing domains count as empty, and a skew beyond the allowed one keeps a pod waiting", arguments: [(1, true), (2, false)])
    func minimumDomains(domains: Int, fits: Bool) {
        var pod = Samples.pod("b", spec: [
            "topologySpreadConstraints": [
                [
                    "maxSkew": 1, "minDomains": .int(domains), "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "DoNotSchedule",
                    "labelSelector": ["matchLabels": ["app": "a"]],
                ]
            ]
        ])
        pod.set("metadata", "labels", to: ["app": "a"])
        var other = Samples.pod("a").running()
        other.set("metadata", "labels", to: ["app": "a"])
        #expect((Self.plan(pod, other, Samples.node()).lines == ["binding pods/default/b"]) == fits)
    }

    @Test("requests of the pod as a whole count in the place of its containers', overhead on top", arguments: [("1", true), ("2", false)])
    func podRequests(cpu: String, fits: Bool) {
        let pod = Samples.pod(spec: [
            "resources": ["requests": ["cpu": .string(cpu)]], "overhead": ["cpu": "1m"],
            "containers": [["name": "c", "image": "i", "resources": ["requests": ["cpu": "3"]]]],
        ])
        #expect((Self.plan(pod, Samples.node()).lines == ["binding pods/default/a"]) == fits)
    }

    @Test("a claim is only told its node where a volume that fits is there already")
    func existingVolume() {
        let plan = Self.plan(Self.claiming, Samples.node(), Samples.claim(), Samples.storageClass, Samples.volume())
        guard case .patch(_, _, let change, _, _)? = plan.flat.first else { return #expect(Bool(false), "no patch") }
        #expect(change.find("metadata", "annotations") == [ClaimBinding.selectedNode: "n1"])
    }
}
