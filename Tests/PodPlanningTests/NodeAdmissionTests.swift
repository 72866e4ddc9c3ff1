import KubeAPI
import PodPlanning
import Testing

@Suite("Node admission")
struct NodeAdmissionTests {
    static func reason(_ spec: String, beside: [String] = [], taints: [Taint] = [], metadata: String = "") throws -> PodFailure? {
        try admissionFailure(of: pod(spec, metadata: metadata), admitted: beside.map { try pod($0) }, taints: taints, on: .test())
    }

    @Test("what does not fit or match is refused with kubelet's reason", arguments: [
        (#"{"containers":[{"name":"a"}]}"#, nil as String?),
        (#"{"os":{"name":"windows"}}"#, "PodOSNotSupported"),
        (#"{"containers":[{"name":"a","resources":{"requests":{"cpu":"5"}}}]}"#, "OutOfcpu"),
        (#"{"containers":[{"name":"a","resources":{"limits":{"memory":"9Gi"}}}]}"#, "OutOfmemory"),
        (#"{"containers":[{"name":"a","resources":{"requests":{"example.com/gpu":"9"}}}]}"#, nil),
        (#"{"initContainers":[{"name":"i","resources":{"requests":{"cpu":"5"}}}],"containers":[{"name":"a"}]}"#, "OutOfcpu"),
        (#"{"overhead":{"cpu":"2"},"containers":[{"name":"a","resources":{"requests":{"cpu":"3"}}}]}"#, "OutOfcpu"),
        (#"{"nodeSelector":{"disk":"hdd"}}"#, "NodeAffinity"),
        (#"{"nodeSelector":{"disk":"ssd"}}"#, nil),
        (#"{"securityContext":{"appArmorProfile":{"type":"RuntimeDefault"}}}"#, "AppArmor"),
        (#"{"securityContext":{"appArmorProfile":{"type":"Unconfined"}}}"#, nil),
        (#"{"containers":[{"name":"a","restartPolicy":"Never","restartPolicyRules":[{"action":"Restart"}]}]}"#, nil),
        (#"{"containers":[{"name":"a","restartPolicy":"Never","restartPolicyRules":[{"action":"Explode"}]}]}"#, "UnexpectedAdmissionError"),
    ])
    func reasons(spec: String, expected: String?) throws { #expect(try Self.reason(spec)?.reason == expected) }

    @Test("what others requested is taken, and the message counts")
    func used() throws {
        let three = #"{"containers":[{"name":"a","resources":{"requests":{"cpu":"3"}}}]}"#
        #expect(try Self.reason(three, beside: [three]) == PodFailure(
            reason: "OutOfcpu", message: "Node didn't have enough resource: cpu, requested: 3000, used: 3000, capacity: 4000"))
    }

    @Test("a host port is given once", arguments: [
        (#"{"hostPort":80}"#, #"{"hostPort":80}"#, true), (#"{"hostPort":80}"#, #"{"hostPort":80,"protocol":"UDP"}"#, false),
        (#"{"hostPort":80,"hostIP":"127.0.0.1"}"#, #"{"hostPort":80,"hostIP":"127.0.0.2"}"#, false),
        (#"{"hostPort":80,"hostIP":"127.0.0.1"}"#, #"{"hostPort":80}"#, true),
    ])
    func hostPorts(first: String, second: String, conflicts: Bool) throws {
        let spec = { (port: String) in #"{"containers":[{"name":"a","ports":[\#(port)]}]}"# }
        #expect(try (Self.reason(spec(second), beside: [spec(first)])?.reason == "NodePorts") == conflicts)
    }

    @Test("node affinity", arguments: [
        (#"{"key":"disk","operator":"In","values":["ssd","x"]}"#, true), (#"{"key":"disk","operator":"NotIn","values":["ssd"]}"#, false),
        (#"{"key":"none","operator":"NotIn","values":["ssd"]}"#, true), (#"{"key":"disk","operator":"Exists"}"#, true),
        (#"{"key":"disk","operator":"DoesNotExist"}"#, false), (#"{"key":"generation","operator":"Gt","values":["6"]}"#, true),
        (#"{"key":"generation","operator":"Lt","values":["7"]}"#, false), (#"{"key":"disk","operator":"Gt","values":["6"]}"#, false),
    ])
    func affinity(expression: String, matches: Bool) throws {
        let spec = #"{"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchExpressions":[\#(expression)]}]}}}}"#
        #expect(try (Self.reason(spec) == nil) == matches)
    }

    @Test("a term can name the node, and an empty term matches nothing", arguments: [
        (#"{"matchFields":[{"key":"metadata.name","operator":"In","values":["n1"]}]}"#, true),
        (#"{"matchFields":[{"key":"metadata.name","operator":"In","values":["n2"]}]}"#, false), ("{}", false),
    ])
    func fields(term: String, matches: Bool) throws {
        let spec = #"{"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[\#(term)]}}}}"#
        #expect(try (Self.reason(spec) == nil) == matches)
    }

    @Test("NoExecute taints keep out whoever does not tolerate them", arguments: [
        ("[]", false), (#"[{"key":"k","operator":"Exists"}]"#, true), (#"[{"operator":"Exists"}]"#, true), (#"[{"key":"k","value":"v"}]"#, true),
        (#"[{"key":"k","operator":"Equal","value":"w"}]"#, false), (#"[{"key":"k","operator":"Exists","effect":"NoSchedule"}]"#, false),
    ])
    func taints(tolerations: String, passes: Bool) throws {
        let taints = [Taint(key: "k", value: "v", effect: "NoExecute"), Taint(key: "s", effect: "NoSchedule")]
        #expect(try (Self.reason(#"{"tolerations":\#(tolerations)}"#, taints: taints) == nil) == passes)
    }
}

@Suite("Quality of service")
struct QOSClassTests {
    @Test("classes", arguments: [
        (#"{"containers":[{"name":"a"}]}"#, QOSClass.bestEffort),
        (#"{"containers":[{"name":"a","resources":{"requests":{"example.com/gpu":"1"}}}]}"#, .bestEffort),
        (#"{"containers":[{"name":"a","resources":{"requests":{"cpu":"0"}}}]}"#, .bestEffort),
        (#"{"containers":[{"name":"a","resources":{"limits":{"cpu":"1","memory":"1Gi"}}}]}"#, .guaranteed),
        (#"{"containers":[{"name":"a","resources":{"limits":{"cpu":"1","memory":"1Gi"},"requests":{"cpu":"1000m","memory":"1024Mi"}}}]}"#, .guaranteed),
        (#"{"containers":[{"name":"a","resources":{"limits":{"cpu":"1","memory":"1Gi"}}},{"name":"b"}]}"#, .burstable),
        (#"{"containers":[{"name":"a","resources":{"limits":{"cpu":"1"}}}]}"#, .burstable),
        (#"{"containers":[{"name":"a","resources":{"limits":{"cpu":"1","memory":"1Gi"},"requests":{"cpu":"500m"}}}]}"#, .burstable),
        (#"{"initContainers":[{"name":"i"}],"containers":[{"name":"a","resources":{"limits":{"cpu":"1","memory":"1Gi"}}}]}"#, .burstable),
        (#"{"resources":{"limits":{"cpu":"1","memory":"1Gi"}},"containers":[{"name":"a"}]}"#, .guaranteed),
    ])
    func classes(spec: String, expected: QOSClass) throws { #expect(QOSClass(of: try pod(spec).spec) == expected) }
}
