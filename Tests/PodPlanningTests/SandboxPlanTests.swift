import KubeAPI
@testable import PodPlanning
import SandboxPlan
import Testing

@Suite("Sandbox plan")
struct SandboxPlanTests {
    @Test("hostname rules", arguments: [
        ("{}", "web-0", "web-0"),
        (#"{"hostname":"h"}"#, "web-0", "h"),
        (#"{"hostname":"h","subdomain":"s"}"#, "web-0", "h"),
        (#"{"hostname":"h","subdomain":"s","setHostnameAsFQDN":true}"#, "web-0", "h.s.default.svc.cluster.local"),
        (#"{"setHostnameAsFQDN":true}"#, "web-0", "web-0"),
        (#"{"hostnameOverride":"db.example.com","subdomain":"s","setHostnameAsFQDN":true}"#, "web-0", "db.example.com"),
        ("{}", String(repeating: "a", count: 62) + "-b", String(repeating: "a", count: 62)),
        ("{}", String(repeating: "a", count: 70), String(repeating: "a", count: 63)),
    ])
    func hostname(spec: String, name: String, expected: String) throws {
        #expect(try sandboxPlan(for: pod(spec, name: name), on: .test()).hostname == expected)
    }

    @Test("a full name the kernel cannot hold is refused")
    func longName() throws {
        let pod = try pod(#"{"subdomain":"\#(String(repeating: "s", count: 50))","setHostnameAsFQDN":true}"#)
        #expect(throws: PlanningError.self) { try sandboxPlan(for: pod, on: .test()) }
    }

    @Test("the domain belongs to the subdomain")
    func domain() throws {
        let name = try PodHostname(of: pod(#"{"subdomain":"web"}"#), on: .test())
        #expect(name.domain == "web.default.svc.cluster.local")
        #expect(name.hostname == "web-0")
    }

    static let namespaceTable: [(String, PodNamespaces)] = [
        ("{}", PodNamespaces()),
        (#"{"hostNetwork":true}"#, PodNamespaces(network: false, uts: false)),
        (#"{"hostIPC":true}"#, PodNamespaces(ipc: false)),
        (#"{"hostPID":true}"#, PodNamespaces(pid: .host)),
        (#"{"shareProcessNamespace":true}"#, PodNamespaces(pid: .pod)),
        (#"{"hostUsers":false}"#, PodNamespaces(user: IDMapping(hostBase: 65536, length: 65536))),
    ]

    @Test("namespaces that are shared with the host or among the containers", arguments: namespaceTable)
    func namespaces(spec: String, expected: PodNamespaces) throws {
        let plan = try sandboxPlan(for: pod(spec), userMapping: IDMapping(hostBase: 65536, length: 65536), on: .test())
        #expect(plan.namespaces == expected)
        #expect((plan.hostname == nil) == !expected.uts)
    }

    @Test("each pod with users of its own gets a range nobody else has")
    func ranges() {
        var taken: [IDMapping] = []
        for _ in 0..<3 { taken += [IDRange.free(besides: taken)].compactMap(\.self) }
        #expect(taken.map(\.hostBase) == [65536, 131_072, 196_608])
        #expect(IDRange.free(besides: [taken[0], taken[2]]) == taken[1])
        #expect(IDRange.free(besides: (1..<65536).map { IDMapping(hostBase: $0 << 16, length: 65536) }) == nil)
    }

    @Test("groups that may ping are given as the host numbers them, for the host's side writes them")
    func pingGroups() throws {
        let mapping = IDMapping(hostBase: 131_072, length: 65536)
        let expected = SysctlWrite(name: "net.ipv4.ping_group_range", value: "131072 196607")
        #expect(try sandboxPlan(for: pod(#"{"hostUsers":false}"#), userMapping: mapping, on: .test()).sysctls.contains(expected))
        let own = try pod(#"{"hostUsers":false,"securityContext":{"sysctls":[{"name":"net.ipv4.ping_group_range","value":"100 200"}]}}"#)
        #expect(
            try sandboxPlan(for: own, userMapping: mapping, on: .test()).sysctls.contains(
                SysctlWrite(name: "net.ipv4.ping_group_range", value: "131172 131272")))
    }

    @Test("hostUsers: false needs a range of ids")
    func noRange() throws {
        let pod = try pod(#"{"hostUsers":false}"#)
        #expect(throws: PlanningError.userNamespacesUnavailable) { try sandboxPlan(for: pod, on: .test()) }
    }

    @Test("a pod with its own network may use low ports and ping; its own sysctls win")
    func sysctls() throws {
        let pod = try pod(#"{"securityContext":{"sysctls":[{"name":"net/ipv4/ip_unprivileged_port_start","value":"80"},{"name":"kernel.shm_rmid_forced","value":"1"}]}}"#)
        #expect(try sandboxPlan(for: pod, on: .test()).sysctls == [
            SysctlWrite(name: "kernel.shm_rmid_forced", value: "1"), SysctlWrite(name: "net.ipv4.ip_unprivileged_port_start", value: "80"),
            SysctlWrite(name: "net.ipv4.ping_group_range", value: "0 2147483647"),
        ])
        #expect(try sandboxPlan(for: self.pod(#"{"hostNetwork":true}"#), on: .test()).sysctls.isEmpty)
    }

    private func pod(_ spec: String, name: String = "web-0") throws -> Pod { try PodPlanningTests.pod(spec, name: name) }

    @Test("unsafe sysctls, and those of the host's namespaces, are refused", arguments: [
        #"{"securityContext":{"sysctls":[{"name":"kernel.msgmax","value":"1"}]}}"#,
        #"{"hostNetwork":true,"securityContext":{"sysctls":[{"name":"net.ipv4.tcp_syncookies","value":"1"}]}}"#,
        #"{"hostIPC":true,"securityContext":{"sysctls":[{"name":"kernel.shm_rmid_forced","value":"1"}]}}"#,
    ])
    func unsafeSysctls(spec: String) throws {
        let pod = try pod(spec)
        #expect(throws: PlanningError.self) { try sandboxPlan(for: pod, on: .test()) }
        #expect(try admissionFailure(of: pod, admitted: [], taints: [], on: .test())?.reason == "SysctlForbidden")
    }

    @Test("an operator can allow more", arguments: ["kernel.msgmax", "kernel.msg*"])
    func allowedSysctls(pattern: String) throws {
        var node = try NodeFacts.test()
        node.allowedUnsafeSysctls = [pattern]
        let pod = try pod(#"{"securityContext":{"sysctls":[{"name":"kernel.msgmax","value":"1"}]}}"#)
        #expect(throws: Never.self) { try sandboxPlan(for: pod, on: node) }
    }

    @Test("every path of a node derives from its root")
    func paths() {
        let paths = NodePaths(root: "/tmp/n")
        let identity = PodIdentity(uid: "u", namespace: "ns", name: "p")
        #expect(paths.volume("data", plugin: "kubernetes.io/empty-dir", of: "u") == "/tmp/n/var/lib/kubelet/pods/u/volumes/kubernetes.io~empty-dir/data")
        #expect(paths.containerLog("c", attempt: 3, of: identity) == "/tmp/n/var/log/pods/ns_p_u/c/3.log")
        #expect(paths.containerLogLink("c", id: "1f", of: identity) == "/tmp/n/var/log/containers/p_ns_c-1f.log")
    }
}
