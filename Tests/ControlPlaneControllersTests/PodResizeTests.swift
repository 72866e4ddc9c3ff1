@testable import ControlPlane
import KubeAPI
import Testing

@Suite("The resize subresource")
struct PodResizeTests {
    private func pod(_ requests: JSONValue, limits: JSONValue = [:], image: String = "i", name: String = "c", annotations: JSONValue = [:]) -> JSONValue {
        var pod: JSONValue = [
            "apiVersion": "v1", "kind": "Pod", "metadata": ["name": "p", "namespace": "default", "annotations": annotations],
            "spec": ["containers": [["name": .string(name), "image": .string(image), "resources": ["requests": requests, "limits": limits]]]],
        ]
        Defaults.apply(to: &pod)
        return pod
    }

    private func errors(_ new: JSONValue, _ old: JSONValue) -> [String] {
        var wanted = new
        PodResize.keepAllElse(&wanted, old)
        return Validation.update(wanted, from: old, subresource: "resize").map(\.description)
    }

    @Test("takes CPU and memory, and nothing else of the pod")
    func change() {
        let old = pod(["cpu": "1", "memory": "1Gi"])
        #expect(errors(pod(["cpu": "2", "memory": "512Mi"]), old).isEmpty)
        var wanted = pod(["cpu": "2", "memory": "512Mi"], image: "another")
        PodResize.keepAllElse(&wanted, old)
        #expect(wanted.at("spec", "containers")?[0]?["image"] == "i")
        #expect(wanted.at("spec", "containers")?[0]?.at("resources", "requests", "cpu") == "2")
    }

    @Test("refuses what Kubernetes refuses")
    func refusals() {
        let old = pod(["cpu": "1", "memory": "1Gi"])
        #expect(errors(pod(["cpu": "1"]), old).contains { $0.contains("resource requests cannot be removed") })
        #expect(errors(pod(["cpu": "1", "memory": "1Gi", "ephemeral-storage": "1Gi"]), old).contains { $0.contains("only cpu and memory resources are mutable") })
        #expect(errors(pod(["cpu": "1", "memory": "1Gi"], limits: ["cpu": "1", "memory": "1Gi"]), old).contains { $0.contains("QOS Class may not change") })
        #expect(errors(pod(["cpu": "2", "memory": "1Gi"], limits: ["cpu": "1"]), old).contains { $0.contains("must be less than or equal to cpu limit") })
        #expect(errors(pod(["cpu": "2", "memory": "1Gi"], name: "other"), old).contains { $0.contains("may not be renamed") })
        let mirror = pod(["cpu": "1"], annotations: ["kubernetes.io/config.mirror": "x"])
        #expect(errors(pod(["cpu": "2"]), mirror).contains { $0.contains("static pods cannot be resized") })
    }
}
