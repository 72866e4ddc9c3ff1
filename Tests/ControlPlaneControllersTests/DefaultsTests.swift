import KubeAPI
import Testing

@testable import ControlPlane

@Suite("Defaults")
struct DefaultsTests {
    @Test("an image's tag decides how it is pulled", arguments: [
        ("busybox", "Always"), ("busybox:latest", "Always"), ("busybox:1.36", "IfNotPresent"),
        ("registry:5000/app", "Always"), ("registry:5000/app:2", "IfNotPresent"),
        ("app@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "IfNotPresent"),
    ])
    func pullPolicy(image: String, expected: String) { #expect(Defaults.pullPolicy(image: image) == expected) }

    @Test("a pod is completed as Kubernetes completes it")
    func pod() {
        let pod = Samples.pod(spec: [
            "containers": [
                [
                    "name": "c", "image": "nginx", "ports": [["containerPort": 80]],
                    "livenessProbe": ["httpGet": ["port": 80], "periodSeconds": 3],
                    "resources": ["limits": ["memory": "64Mi", "cpu": "1"], "requests": ["cpu": "100m"]],
                    "env": [["name": "N", "valueFrom": ["fieldRef": ["fieldPath": "metadata.name"]]]],
                ]
            ],
            "volumes": [["name": "v"], ["name": "c", "configMap": ["name": "x"]], ["name": "h", "hostPath": ["path": "/"]]],
        ])
        let spec = pod["spec"] ?? .null
        #expect(spec.text("restartPolicy") == "Always")
        #expect(spec.text("dnsPolicy") == "ClusterFirst")
        #expect(spec.text("schedulerName") == "default-scheduler")
        #expect(spec.number("terminationGracePeriodSeconds") == 30)
        #expect(spec.find("securityContext") == [:])
        #expect(spec.flag("enableServiceLinks"))
        let container = spec.items("containers")[0]
        #expect(container.text("imagePullPolicy") == "Always")
        #expect(container.text("terminationMessagePath") == "/dev/termination-log")
        #expect(container.text("terminationMessagePolicy") == "File")
        #expect(container.items("ports")[0].text("protocol") == "TCP")
        #expect(container.find("resources", "requests") == ["memory": "64Mi", "cpu": "100m"])
        #expect(container.items("env")[0].text("valueFrom", "fieldRef", "apiVersion") == "v1")
        let probe = container["livenessProbe"] ?? .null
        #expect(probe == [
            "httpGet": ["port": 80, "path": "/", "scheme": "HTTP"], "periodSeconds": 3, "timeoutSeconds": 1, "successThreshold": 1,
            "failureThreshold": 3,
        ])
        #expect(spec.items("volumes")[0]["emptyDir"] == [:])
        #expect(spec.items("volumes")[1].number("configMap", "defaultMode") == 420)
        #expect(spec.items("volumes")[2].find("hostPath", "type") == "")
    }

    @Test("defaults of defaults change nothing", arguments: [
        Samples.pod(), Samples.statefulSet(), Samples.daemonSet(), Samples.claim(), Samples.volume(), Samples.service(),
    ])
    func idempotent(object: JSONValue) {
        var again = object
        Defaults.apply(to: &again)
        #expect(again == object)
    }

    @Test("fields Berth does not know survive")
    func unknown() {
        let pod = Samples.pod(spec: ["futureField": ["a": 1]])
        #expect(pod.find("spec", "futureField") == ["a": 1])
    }

    @Test("a StatefulSet is completed as Kubernetes completes it")
    func statefulSet() {
        let spec = Samples.statefulSet()["spec"] ?? .null
        #expect(spec.text("podManagementPolicy") == "OrderedReady")
        #expect(spec["updateStrategy"] == ["type": "RollingUpdate", "rollingUpdate": ["partition": 0]])
        #expect(spec["persistentVolumeClaimRetentionPolicy"] == ["whenDeleted": "Retain", "whenScaled": "Retain"])
        #expect(spec.number("revisionHistoryLimit") == 10)
        #expect(spec.items("volumeClaimTemplates")[0].text("spec", "volumeMode") == "Filesystem")
        #expect(spec.text("template", "spec", "restartPolicy") == "Always")
        #expect(spec.find("template", "spec", "enableServiceLinks") == nil, "that is a pod's default, not its template's")
    }

    @Test("stringData of a Secret is stored as data, over what is there")
    func secret() {
        var secret: JSONValue = [
            "apiVersion": "v1", "kind": "Secret", "metadata": ["name": "s"], "data": ["a": "b2xk", "b": "Yg=="], "stringData": ["a": "new"],
        ]
        Defaults.apply(to: &secret)
        #expect(secret["data"] == ["a": "bmV3", "b": "Yg=="])
        #expect(secret["stringData"] == nil)
        #expect(secret.text("type") == "Opaque")
    }

    @Test("a Service port without a target targets itself")
    func service() {
        let port = Samples.service().items("spec", "ports")[0]
        #expect(port == ["name": "http", "port": 80, "targetPort": 80, "protocol": "TCP"])
    }
}
