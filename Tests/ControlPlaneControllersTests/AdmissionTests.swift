import KubeAPI
import Testing

@testable import ControlPlane

@Suite("Admission")
struct AdmissionTests {
    private static let namespace: JSONValue = ["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": "default", "uid": "u"]]

    private static func admit(_ object: JSONValue, beside objects: JSONValue..., old: JSONValue? = nil) throws(APIError) -> JSONValue {
        let target = object.target
        var object = object
        let request = AdmissionRequest(
            operation: old == nil ? .create : .update, resource: target.resource, subresource: "", namespace: target.namespace,
            name: target.name, old: old, user: .system, isDryRun: false)
        try ObjectRules(objects: ObjectSet([namespace] + objects)).admit(&object, request)
        return object
    }

    private static func refusal(_ body: () throws(APIError) -> JSONValue) -> String? {
        do throws(APIError) {
            _ = try body()
            return nil
        } catch {
            return error.description
        }
    }

    @Test("a pod gets its account, token, tolerations, priority and first status")
    func pod() throws {
        let pod = try Self.admit(Samples.pod())
        #expect(pod.text("spec", "serviceAccountName") == "default")
        let volume = pod.items("spec", "volumes").first { $0.text("name").hasPrefix("kube-api-access-") }
        #expect(volume?.items("projected", "sources").count == 3)
        let mount = pod.items("spec", "containers")[0].items("volumeMounts").first
        #expect(mount?.text("mountPath") == "/var/run/secrets/kubernetes.io/serviceaccount")
        #expect(pod.items("spec", "tolerations").map { $0.number("tolerationSeconds") } == [300, 300])
        #expect(pod.number("spec", "priority") == 0)
        #expect(pod["status"] == ["phase": "Pending", "qosClass": "BestEffort"])
    }

    @Test("a pod that wants no token gets none")
    func noToken() throws {
        let pod = try Self.admit(Samples.pod(spec: ["automountServiceAccountToken": false]))
        #expect(pod.items("spec", "volumes").isEmpty)
    }

    @Test("what is missing is named", arguments: [
        (Samples.pod(spec: ["serviceAccountName": "robot"]), "pods \"a\" is forbidden: error looking up service account default/robot: serviceaccount \"robot\" not found"),
        (Samples.pod(spec: ["priorityClassName": "vip"]), "pods \"a\" is forbidden: no PriorityClass with name vip was found"),
        (Samples.pod(spec: ["runtimeClassName": "vm"]), "pods \"a\" is forbidden: pod rejected: RuntimeClass \"vm\" not found"),
        (Samples.pod(spec: ["overhead": ["cpu": "1"]]), "pods \"a\" is forbidden: pod rejected: Overhead set without corresponding RuntimeClass defining Overhead"),
    ])
    func missing(object: JSONValue, expected: String) {
        #expect(Self.refusal { () throws(APIError) in try Self.admit(object) } == expected)
    }

    @Test("nothing new enters a namespace that does not exist or is going away")
    func namespaces() {
        var pod = Samples.pod()
        pod.set("metadata", "namespace", to: "nowhere")
        #expect(Self.refusal { () throws(APIError) in try Self.admit(pod) } == "namespaces \"nowhere\" not found")
        pod.set("metadata", "namespace", to: "going")
        var going = Self.namespace.deleting
        going.set("metadata", "name", to: "going")
        let expected = "pods \"a\" is forbidden: unable to create new content in namespace going because it is being terminated"
        #expect(Self.refusal { () throws(APIError) in try Self.admit(pod, beside: going) } == expected)
    }

    private static let runtimeClass: JSONValue = [
        "apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": ["name": "vm", "uid": "u-vm"], "handler": "berth",
        "overhead": ["podFixed": ["cpu": "100m"]], "scheduling": ["nodeSelector": ["disk": "ssd"], "tolerations": [["key": "vm", "operator": "Exists"]]],
    ]

    @Test("a pod gets overhead and placement from its RuntimeClass, and may not contradict it")
    func runtimeClass() throws {
        let pod = try Self.admit(Samples.pod(spec: ["runtimeClassName": "vm", "nodeSelector": ["zone": "a"]]), beside: Self.runtimeClass)
        #expect(pod.fields("spec", "overhead") == ["cpu": "100m"])
        #expect(pod.textMap("spec", "nodeSelector") == ["disk": "ssd", "zone": "a"])
        #expect(pod.items("spec", "tolerations").contains { $0.text("key") == "vm" })
        let other = Samples.pod(spec: ["runtimeClassName": "vm", "overhead": ["cpu": "1"]])
        #expect(Self.refusal { () throws(APIError) in try Self.admit(other, beside: Self.runtimeClass) }?.contains("Overhead doesn't match") == true)
        let elsewhere = Samples.pod(spec: ["runtimeClassName": "vm", "nodeSelector": ["disk": "hdd"]])
        #expect(Self.refusal { () throws(APIError) in try Self.admit(elsewhere, beside: Self.runtimeClass) }?.contains("conflict: runtimeClass.scheduling.nodeSelector[disk]") == true)
    }

    @Test("rules about a pod's own labels become plain ones")
    func labelKeys() throws {
        let term: JSONValue = ["topologyKey": "kubernetes.io/hostname", "labelSelector": ["matchLabels": ["app": "a"]], "matchLabelKeys": ["rev"], "mismatchLabelKeys": ["team"]]
        var pod = Samples.pod(spec: ["affinity": ["podAntiAffinity": ["requiredDuringSchedulingIgnoredDuringExecution": [term]]]])
        pod.set("metadata", "labels", to: ["rev": "7", "team": "x"])
        let admitted = try Self.admit(pod).items("spec", "affinity", "podAntiAffinity", "requiredDuringSchedulingIgnoredDuringExecution")
        #expect(admitted.first?.items("labelSelector", "matchExpressions") == [
            ["key": "rev", "operator": "In", "values": ["7"]], ["key": "team", "operator": "NotIn", "values": ["x"]],
        ])
    }

    @Test("a quality of service follows from requests and limits", arguments: [
        ([:], "BestEffort"), (["requests": ["cpu": "1"]], "Burstable"), (["limits": ["cpu": "1", "memory": "1Gi"]], "Guaranteed"),
        (["limits": ["cpu": "1"]], "Burstable"), (["limits": ["cpu": "1", "memory": "1Gi"], "requests": ["cpu": "500m"]], "Burstable"),
    ] as [(JSONValue, String)])
    func quality(resources: JSONValue, expected: String) {
        let pod = Samples.pod(spec: ["containers": [["name": "c", "image": "i", "resources": resources]]])
        #expect(PodAdmission.qualityOfService(of: pod) == expected)
    }

    @Test("a claim without a class gets the default one, and its protection")
    func claim() throws {
        var claim = Samples.claim()
        claim.set("spec", "storageClassName", to: nil)
        let admitted = try Self.admit(claim, beside: Samples.storageClass)
        #expect(admitted.text("spec", "storageClassName") == "berth-local")
        #expect(admitted.meta.finalizers == ["kubernetes.io/pvc-protection"])
    }

    @Test("a claim grows only where its class allows it")
    func expansion() {
        var old = Samples.claim(spec: ["volumeName": "pv"])
        old.set("status", "phase", to: "Bound")
        let new = old.merged(with: ["spec": ["resources": ["requests": ["storage": "1Gi"]]]])
        #expect(Self.refusal { () throws(APIError) in try Self.admit(new, beside: Samples.storageClass, old: old) } == nil)
        #expect(Self.refusal { () throws(APIError) in try Self.admit(new, old: old) }?.contains("the storageclass that provisions the pvc must support resize") == true)
    }

    @Test("a Service gets an address of its own; a headless one none")
    func service() throws {
        var plain = Samples.service()
        plain.set("spec", "clusterIP", to: nil)
        let admitted = try Self.admit(plain)
        #expect(admitted.text("spec", "clusterIP").hasPrefix("10.96."))
        #expect(admitted.texts("spec", "clusterIPs") == [admitted.text("spec", "clusterIP")])
        let headless = try Self.admit(Samples.service())
        #expect(headless.texts("spec", "clusterIPs") == ["None"])
        var thief = Samples.service("thief")
        thief.set("spec", "clusterIP", to: .string(admitted.text("spec", "clusterIP")))
        thief.set("metadata", "uid", to: "other")
        #expect(Self.refusal { () throws(APIError) in try Self.admit(thief, beside: admitted) }?.contains("provided IP is already allocated") == true)
    }

    @Test("a Service keeps its address over an update that does not name it")
    func keptAddress() throws {
        var plain = Samples.service()
        plain.set("spec", "clusterIP", to: nil)
        let old = try Self.admit(plain)
        #expect(try Self.admit(plain, beside: old, old: old).text("spec", "clusterIP") == old.text("spec", "clusterIP"))
    }

    @Test("a node writes only about itself")
    func node() {
        let user = UserInfo(name: "system:node:n1", groups: ["system:nodes"])
        for (name, isAllowed) in [("n1", true), ("n2", false)] {
            var node = Samples.node(name)
            let request = AdmissionRequest(
                operation: .create, resource: ResourceCatalog.nodes, subresource: "", namespace: "", name: name, old: nil, user: user, isDryRun: false)
            let refusal = Self.refusal { () throws(APIError) in
                try ObjectRules(objects: ObjectSet([])).admit(&node, request)
                return node
            }
            #expect((refusal == nil) == isAllowed)
        }
    }
}
