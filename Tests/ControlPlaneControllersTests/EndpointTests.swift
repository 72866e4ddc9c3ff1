import KubeAPI
import Testing

@testable import ControlPlane

@Suite("Endpoints")
struct EndpointTests {
    private static func pod(_ name: String, spec: JSONValue = [:]) -> JSONValue {
        var pod = Samples.pod(name, spec: spec)
        pod.set("metadata", "labels", to: ["app": "web"])
        return pod
    }

    private static func slices(_ service: JSONValue, _ pods: JSONValue...) -> [JSONValue] {
        EndpointPlan.plan(service: service, pods: pods, slices: [], endpoints: nil).created.filter { $0.kindName == "EndpointSlice" }
    }

    @Test("conditions say what a pod can do", arguments: [
        (Self.pod("a").running(), false, [true, true, false]), (Self.pod("a").running(ready: false), false, [false, false, false]),
        (Self.pod("a").running(ready: false), true, [true, false, false]), (Self.pod("a").running().deleting, false, [false, true, true]),
    ])
    func conditions(pod: JSONValue, publishes: Bool, expected: [Bool]) {
        let service = Samples.service(spec: ["publishNotReadyAddresses": .bool(publishes)])
        let endpoint = Self.slices(service, pod).first?.items("endpoints").first
        #expect(["ready", "serving", "terminating"].map { endpoint?.flag("conditions", $0) } == expected)
    }

    @Test("pods without address, ended, or of other labels are not listed")
    func left() {
        var other = Samples.pod("other").running()
        other.set("metadata", "labels", to: ["app": "db"])
        let slices = Self.slices(Samples.service(), Self.pod("new"), Self.pod("done").running().inPhase("Succeeded"), other)
        #expect(slices.map { $0.items("endpoints") } == [[]])
    }

    @Test("a pod below the Service's name gets its host name")
    func hostname() {
        let spec: JSONValue = ["hostname": "web-0", "subdomain": "web"]
        #expect(Self.slices(Samples.service(), Self.pod("a", spec: spec).running())[0].items("endpoints")[0].text("hostname") == "web-0")
        #expect(Self.slices(Samples.service("other"), Self.pod("a", spec: spec).running())[0].items("endpoints")[0].find("hostname") == nil)
    }

    @Test("a named port is the container's")
    func namedPort() {
        let service = Samples.service(spec: ["ports": [["name": "http", "port": 80, "targetPort": "web"]]])
        let pod = Self.pod("a", spec: ["containers": [["name": "c", "image": "i", "ports": [["name": "web", "containerPort": 8080]]]]])
        #expect(Self.slices(service, pod.running())[0].items("ports") == [["name": "http", "port": 8080, "protocol": "TCP"]])
    }

    @Test("an unchanged slice is not written again, a changed one is patched")
    func unchanged() {
        let service = Samples.service()
        let pods = [Self.pod("a").running()]
        let first = EndpointPlan.plan(service: service, pods: pods, slices: [], endpoints: nil).created
        let slice = first.first { $0.kindName == "EndpointSlice" } ?? .null
        let endpoints = first.first { $0.kindName == "Endpoints" }
        #expect(EndpointPlan.plan(service: service, pods: pods, slices: [slice], endpoints: endpoints) == Plan())
        let later = EndpointPlan.plan(service: service, pods: [], slices: [slice], endpoints: endpoints)
        #expect(later.lines == ["patch endpointslices/default/\(slice.meta.name)", "patch endpoints/default/web"])
    }

    @Test("a Service that is gone takes its slices along")
    func gone() {
        let slice = Self.slices(Samples.service(), Self.pod("a").running())[0]
        #expect(EndpointPlan.plan(service: nil, pods: [], slices: [slice], endpoints: nil).lines.count == 1)
    }
}
