import KubeAPI
import Testing

@testable import ControlPlane

@Suite("Validation")
struct ValidationTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let object: JSONValue
        init(_ expected: String, _ object: JSONValue) { (testDescription, self.object) = (expected, object) }
    }

    private static func container(_ fields: JSONValue) -> JSONValue {
        var container: JSONValue = ["name": "c", "image": "i"]
        container.merge(fields)
        return Samples.pod(spec: ["containers": [container]])
    }

    private static func named(_ name: String, _ object: JSONValue) -> JSONValue {
        var object = object
        object.set("metadata", "name", to: .string(name))
        return object
    }

    static let cases: [Case] = [
        Case("spec.containers: Required value", Samples.pod(spec: ["containers": []])),
        Case("spec.containers[0].image: Required value", container(["image": ""])),
        Case("spec.containers[0].name: Required value", container(["name": ""])),
        Case("spec.containers[1].name: Duplicate value: \"c\"", Samples.pod(spec: ["containers": [["name": "c", "image": "i"], ["name": "c", "image": "i"]]])),
        Case(
            "metadata.name: Invalid value: \"A_b\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
            named("A_b", Samples.pod())),
        Case(
            "metadata.name: Invalid value: \"1web\": a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
            named("1web", Samples.service())),
        Case("spec.restartPolicy: Unsupported value: \"Sometimes\": supported values: \"Always\", \"OnFailure\", \"Never\"", Samples.pod(spec: ["restartPolicy": "Sometimes"])),
        Case("spec.containers[0].volumeMounts[0].name: Not found: \"gone\"", container(["volumeMounts": [["name": "gone", "mountPath": "/x"]]])),
        Case("spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive", container(["ports": [["containerPort": 70000]]])),
        Case("spec.containers[0].resources.requests: Invalid value: \"2\": must be less than or equal to cpu limit of 1", container(["resources": ["limits": ["cpu": "1"], "requests": ["cpu": "2"]]])),
        Case("spec.containers[0].resources.requests: Invalid value: \"2Mi\": must be equal to hugepages-2Mi limit of 4Mi", container(["resources": ["limits": ["cpu": "1", "hugepages-2Mi": "4Mi"], "requests": ["hugepages-2Mi": "2Mi"]]])),
        Case("spec.containers[0].resources.limits: Required value: Limit must be set for non overcommitable resources", container(["resources": ["requests": ["cpu": "1", "hugepages-2Mi": "2Mi"]]])),
        Case("spec.containers[0].resources: Forbidden: HugePages require cpu or memory", container(["resources": ["limits": ["hugepages-2Mi": "2Mi"]]])),
        Case("spec.containers[0].resources.limits[memory]: Invalid value: \"lots\": quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'", container(["resources": ["limits": ["memory": "lots"], "requests": ["memory": "1"]]])),
        Case("spec.containers[0].livenessProbe: Required value: must specify a handler type", container(["livenessProbe": ["periodSeconds": 1]])),
        Case("spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1", container(["livenessProbe": ["exec": ["command": ["true"]], "successThreshold": 2]])),
        Case("spec.containers[0].env[0].valueFrom.secretKeyRef.key: Required value", container(["env": [["name": "A", "valueFrom": ["secretKeyRef": ["name": "s"]]]]])),
        Case("spec.containers[0].volumeMounts[0].subPath: Invalid value: \"../x\": must not contain '..'", Samples.pod(spec: ["containers": [["name": "c", "image": "i", "volumeMounts": [["name": "v", "mountPath": "/x", "subPath": "../x"]]]], "volumes": [["name": "v"]]])),
        Case("spec.containers[0].securityContext.seccompProfile.localhostProfile: Invalid value: \"../../etc/x\": must not contain '..'", container(["securityContext": ["seccompProfile": ["type": "Localhost", "localhostProfile": "../../etc/x"]]])),
        Case("spec.securityContext.seccompProfile.localhostProfile: Invalid value: \"/etc/x\": must be a relative path", Samples.pod(spec: ["securityContext": ["seccompProfile": ["type": "Localhost", "localhostProfile": "/etc/x"]]])),
        Case("spec.containers[0].securityContext.procMount: Invalid value: \"Unmasked\": `hostUsers` must be false to use `Unmasked`", container(["securityContext": ["procMount": "Unmasked"]])),
        Case("spec.containers[0].securityContext.procMount: Unsupported value: \"Open\": supported values: \"Default\", \"Unmasked\"", container(["securityContext": ["procMount": "Open"]])),
        Case("spec.containers[0].securityContext.appArmorProfile.localhostProfile: Required value: must be set when AppArmor type is Localhost", container(["securityContext": ["appArmorProfile": ["type": "Localhost"]]])),
        Case("spec.securityContext.supplementalGroupsPolicy: Unsupported value: \"Some\": supported values: \"Merge\", \"Strict\"", Samples.pod(spec: ["securityContext": ["supplementalGroupsPolicy": "Some"]])),
        Case("spec.hostPID: Forbidden: when `hostUsers` is false", Samples.pod(spec: ["hostUsers": false, "hostPID": true])),
        Case("spec.volumes[0].hostPath.type: Unsupported value: \"Dir\": supported values: \"\", \"BlockDevice\", \"CharDevice\", \"Directory\", \"DirectoryOrCreate\", \"File\", \"FileOrCreate\", \"Socket\"", Samples.pod(spec: ["volumes": [["name": "v", "hostPath": ["path": "/", "type": "Dir"]]]])),
        Case("spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type", Samples.pod(spec: ["volumes": [["name": "v", "emptyDir": [:], "hostPath": ["path": "/"]]]])),
        Case("spec.tolerations[0].operator: Invalid value: \"\": operator must be Exists when `key` is empty, which means \"match all values and all keys\"", Samples.pod(spec: ["tolerations": [["effect": "NoSchedule"]]])),
        Case("spec.template.metadata.labels: Invalid value: {\"app\":\"other\"}: `selector` does not match template `labels`", Samples.statefulSet(spec: ["template": ["metadata": ["labels": ["app": "other"]]]])),
        Case("spec.selector: Required value", Samples.statefulSet(spec: ["selector": .null])),
        Case("spec.template.spec.restartPolicy: Unsupported value: \"Never\": supported values: \"Always\"", Samples.statefulSet(spec: ["template": ["spec": ["restartPolicy": "Never"]]])),
        Case("spec.podManagementPolicy: Unsupported value: \"Wild\": supported values: \"OrderedReady\", \"Parallel\"", Samples.statefulSet(spec: ["podManagementPolicy": "Wild"])),
        Case("spec.replicas: Invalid value: -1: must be greater than or equal to 0", Samples.statefulSet(replicas: -1)),
        Case("spec.accessModes: Required value: at least 1 access mode is required", Samples.claim(spec: ["accessModes": []])),
        Case("spec.accessModes: Unsupported value: \"RWO\": supported values: \"ReadOnlyMany\", \"ReadWriteMany\", \"ReadWriteOnce\", \"ReadWriteOncePod\"", Samples.claim(spec: ["accessModes": ["RWO"]])),
        Case("spec.resources[storage]: Required value", Samples.claim(spec: ["resources": .null])),
        Case("spec.nodeAffinity: Required value: Local volume requires node affinity", Samples.volume(spec: ["hostPath": .null, "local": ["path": "/x"]])),
        Case("spec.ports[1].name: Required value", Samples.service(spec: ["ports": [["name": "a", "port": 1], ["port": 2]]])),
        Case("spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive", Samples.service(spec: ["ports": [["name": "a"]]])),
        Case("data[a/b]: Invalid value: \"a/b\": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')", ["apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "c"], "data": ["a/b": "x"]]),
        Case("metadata.labels: Invalid value: \"-x\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')", ["apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "c", "labels": ["-x": "y"]]]),
    ]

    @Test("a wrong object is answered with the field and the words Kubernetes uses", arguments: cases)
    func create(example: Case) {
        #expect(Validation.create(example.object).map(\.description) == [example.testDescription])
    }

    @Test("huge pages come whole, in the limit and in the request that follows from it")
    func hugePages() {
        let found = Validation.create(Self.container(["resources": ["limits": ["cpu": "1", "hugepages-2Mi": "3Mi"]]])).map(\.description)
        #expect(found == ["limits", "requests"].map { "spec.containers[0].resources.\($0)[hugepages-2Mi]: Invalid value: \"3Mi\": 3Mi is not positive integer multiple of hugepages-2Mi" })
        #expect(Validation.create(Self.container(["resources": ["limits": ["cpu": "1", "hugepages-2Mi": "4Mi"]]])).isEmpty)
    }

    @Test("right objects are accepted", arguments: [
        Samples.pod(), Samples.statefulSet(), Samples.daemonSet(), Samples.claim(), Samples.volume(), Samples.service(), Samples.storageClass,
        Samples.node(),
    ])
    func accepted(object: JSONValue) { #expect(Validation.create(object).map(\.description) == []) }

    // MARK: updates

    struct Update: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let old: JSONValue
        let change: JSONValue
        let expected: String?
        init(_ name: String, _ old: JSONValue, _ change: JSONValue, _ expected: String?) {
            (testDescription, self.old, self.change, self.expected) = (name, old, change, expected)
        }
    }

    private static var bound: JSONValue {
        var claim = Samples.claim()
        claim["status"] = ["phase": "Bound", "capacity": ["storage": "64Mi"]]
        return claim
    }

    static let updates: [Update] = [
        Update("a pod's image may change", Samples.pod(), ["spec": ["containers": [Samples.pod(spec: ["containers": [["name": "c", "image": "busybox:2"]]]).items("spec", "containers")[0]]]], nil),
        Update("a pod's host name may not", Samples.pod(), ["spec": ["hostname": "x"]], "spec: Forbidden: pod updates may not change fields other than"),
        Update("a set's template may change", Samples.statefulSet(), ["spec": ["template": ["metadata": ["annotations": ["a": "b"]]]]], nil),
        Update("a set's service name may not", Samples.statefulSet(), ["spec": ["serviceName": "x"]], "spec: Forbidden: updates to statefulset spec for fields other than 'replicas'"),
        Update("a bound claim grows", bound, ["spec": ["resources": ["requests": ["storage": "128Mi"]]]], nil),
        Update("a bound claim does not shrink", bound, ["spec": ["resources": ["requests": ["storage": "32Mi"]]]], "spec.resources.requests.storage: Forbidden: field can not be less than status.capacity"),
        Update("an unbound claim stays as it is", Samples.claim(), ["spec": ["resources": ["requests": ["storage": "128Mi"]]]], "spec: Forbidden: spec is immutable after creation except resources.requests"),
        Update("an unbound claim is told its volume", Samples.claim(), ["spec": ["volumeName": "pv"]], nil),
        Update("an immutable ConfigMap stays", ["apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "c"], "immutable": true, "data": ["a": "b"]], ["data": ["a": "c"]], "data: Forbidden: field is immutable when `immutable` is set"),
        Update("a class keeps its provisioner", Samples.storageClass, ["provisioner": "x.io/y"], "provisioner: Forbidden: updates to provisioner are forbidden."),
        Update("a daemon set keeps its selector", Samples.daemonSet(), ["spec": ["selector": ["matchLabels": ["app": "x"]], "template": ["metadata": ["labels": ["app": "x"]]]]], "spec.selector: Invalid value: {\"matchLabels\":{\"app\":\"x\"}}: field is immutable"),
    ]

    @Test("what may change is accepted, what may not is named", arguments: updates)
    func update(example: Update) {
        var new = example.old
        new.merge(example.change)
        Defaults.apply(to: &new)
        let errors = Validation.update(new, from: example.old).map(\.description)
        if let expected = example.expected {
            #expect(errors.count == 1 && errors[0].hasPrefix(expected), "\(errors)")
        } else {
            #expect(errors == [])
        }
    }

    @Test("several findings are listed in one answer")
    func several() {
        let errors = Validation.create(Samples.pod(spec: ["restartPolicy": "No", "containers": [["name": "c", "image": ""]]]))
        let error = APIError.invalid(ResourceCatalog.pods, "a", errors)
        #expect(error.status.code == 422)
        #expect(error.status.details?.causes.map(\.reason) == errors.map(\.reason))
        #expect(error.description == "Pod \"a\" is invalid: [\(errors.map(\.description).joined(separator: ", "))]")
        #expect(errors.count >= 2)
    }

    @Test("quantities of one amount are one amount, however written")
    func quantities() {
        let pod = Self.container(["resources": ["limits": ["cpu": 1], "requests": ["cpu": "1000m"]]])
        #expect(Validation.create(pod).isEmpty)
    }
}
