import KubeAPI
import Testing

@testable import NodeAgent

@Suite("Status patches")
struct StatusPatchTests {
    @Test("what the status no longer has is cleared by name")
    func cleared() throws {
        var status = PodStatus()
        status.phase = "Pending"
        let body = StatusPatch(podUID: "u1", status: try JSONValue(encoding: status)).body
        #expect(body.at("metadata", "uid") == "u1")
        for field in ["message", "reason", "podIP", "podIPs", "containerStatuses"] { #expect(body.at("status", field) == .null) }
    }

    @Test("addresses replace the old ones instead of joining them")
    func addresses() throws {
        var status = PodStatus()
        status.podIPs = [PodIP(ip: "10.1.0.2")]
        status.hostIPs = [HostIP(ip: "192.0.2.1")]
        let body = StatusPatch(podUID: "u1", status: try JSONValue(encoding: status)).body
        #expect(body.at("status", "podIPs") == [["$patch": "replace"], ["ip": "10.1.0.2"]])
        #expect(body.at("status", "hostIPs") == [["$patch": "replace"], ["ip": "192.0.2.1"]])
    }

    @Test("a condition that got better loses its reason")
    func reasons() throws {
        var status = PodStatus()
        status.conditions = [PodCondition(type: "Ready", status: "True")]
        let body = StatusPatch(podUID: "u1", status: try JSONValue(encoding: status)).body
        #expect(body.at("status", "conditions")?[0]?["reason"] == .null)
    }
}
