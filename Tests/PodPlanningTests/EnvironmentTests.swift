import KubeAPI
@testable import PodPlanning
import SandboxPlan
import Testing

@Suite("Container environment")
struct EnvironmentTests {
    @Test("variable references", arguments: [
        ("plain", "plain"), ("$(A)", "1"), ("x$(A)y$(B)", "x1y2"), ("$$(A)", "$(A)"), ("$$$(A)", "$1"), ("$(NONE)", "$(NONE)"), ("$A", "$A"),
        ("$(A", "$(A"), ("$", "$"), ("a$$", "a$"), ("$()", "$()"), ("$(A)$(A)", "11"), ("é$(B)", "é2"),
    ])
    func expansion(text: String, expected: String) { #expect(expanding(text) { ["A": "1", "B": "2"][$0] } == expected) }

    @Test("env wins over envFrom, and sees what stands before it, Services included")
    func precedence() throws {
        let plan = try plan(pod("""
            {"containers":[{"name":"c","envFrom":[{"configMapRef":{"name":"c"}},{"prefix":"S_","secretRef":{"name":"s"}}],
             "env":[{"name":"a","value":"own"},{"name":"URL","value":"$(a)-$(b)-$(S_user)@$(MY_DB_SERVICE_HOST)"},{"name":"LATE","value":"$(LATER)"},{"name":"LATER","value":"x"}]}]}
            """))
        #expect(plan.environment("a") == "own")
        #expect(plan.environment("URL") == "own-2-admin@10.96.0.9")
        #expect(plan.environment("LATE") == "$(LATER)")
    }

    @Test("each name stands once; the image's value is replaced")
    func imageVariables() throws {
        let plan = try plan(pod(#"{"containers":[{"name":"c","env":[{"name":"LANG","value":"de"}]}]}"#), image: #"{"Cmd":["x"],"Env":["LANG=C","PATH=/bin","EMPTY="]}"#)
        #expect(plan.environment("LANG") == "de")
        #expect(plan.environment("PATH") == "/bin")
        #expect(plan.environment("EMPTY") == "")
        #expect(plan.environment("HOSTNAME") == "web-0")
        #expect(plan.environment("HOME") == "/root")
        let names = plan.process.environment.map { $0.prefix { $0 != "=" } }
        #expect(Set(names).count == names.count)
    }

    @Test("Services become variables, headless and foreign ones do not")
    func services() throws {
        let plan = try plan(pod(#"{"containers":[{"name":"c"}]}"#))
        let expected = [
            "KUBERNETES_SERVICE_HOST": "10.96.0.1", "KUBERNETES_SERVICE_PORT_HTTPS": "443", "MY_DB_SERVICE_PORT": "5432",
            "MY_DB_SERVICE_PORT_WEB_UI": "80", "MY_DB_PORT": "tcp://10.96.0.9:5432", "MY_DB_PORT_80_UDP": "udp://10.96.0.9:80",
            "MY_DB_PORT_80_UDP_PROTO": "udp", "MY_DB_PORT_5432_TCP_ADDR": "10.96.0.9", "MY_DB_PORT_5432_TCP_PORT": "5432",
        ]
        for (name, value) in expected { #expect(plan.environment(name) == value, "\(name)") }
        #expect(!plan.process.environment.contains { $0.hasPrefix("WEB_") || $0.hasPrefix("FAR_") })
    }

    @Test("without service links only the API remains")
    func noLinks() throws {
        let plan = try plan(pod(#"{"enableServiceLinks":false,"containers":[{"name":"c"}]}"#))
        #expect(plan.environment("KUBERNETES_SERVICE_HOST") != nil)
        #expect(plan.environment("MY_DB_SERVICE_HOST") == nil)
    }

    @Test("fields of the pod", arguments: [
        ("metadata.name", "web-0"), ("metadata.namespace", "default"), ("metadata.uid", "u1"), ("metadata.labels['app']", "web"),
        ("metadata.annotations['none']", ""), ("spec.nodeName", "n1"), ("spec.serviceAccountName", "sa"), ("status.hostIP", "192.0.2.1"),
        ("status.hostIPs", "192.0.2.1,2001:db8::1"), ("status.podIP", "10.88.0.5"), ("status.podIPs", "10.88.0.5"),
        ("metadata.labels", "app=\"web\"\ntier=\"a\\\"b\\n\""),
    ])
    func fields(path: String, expected: String) throws {
        let pod = try pod(
            #"{"nodeName":"n1","serviceAccountName":"sa","containers":[{"name":"c","env":[{"name":"V","valueFrom":{"fieldRef":{"fieldPath":"\#(path)"}}}]}]}"#,
            metadata: #""labels":{"tier":"a\"b\n","app":"web"}"#)
        #expect(try plan(pod).environment("V") == expected)
    }

    @Test("resources of the container, in units of the divisor, rounded up", arguments: [
        ("limits.cpu", "1", "2"), ("limits.cpu", "1m", "1500"), ("requests.cpu", "1m", "250"), ("limits.memory", "1Mi", "65"),
        ("requests.memory", "1", "67108865"), ("limits.ephemeral-storage", "1", "0"), ("requests.hugepages-2Mi", "1", "0"),
    ])
    func resources(resource: String, divisor: String, expected: String) throws {
        let pod = try pod(#"""
            {"containers":[{"name":"c","resources":{"limits":{"cpu":"1500m","memory":"67108865"},"requests":{"cpu":"250m"}},
             "env":[{"name":"V","valueFrom":{"resourceFieldRef":{"resource":"\#(resource)","divisor":"\#(divisor)"}}}]}]}
            """#)
        #expect(try plan(pod).environment("V") == expected)
    }

    @Test("a limit that is not set reads as what the node has to give")
    func unlimited() throws {
        let pod = try pod(#"{"containers":[{"name":"c","env":[{"name":"V","valueFrom":{"resourceFieldRef":{"resource":"limits.cpu"}}}]}]}"#)
        #expect(try plan(pod).environment("V") == "4")
    }

    @Test("what is missing is said as kubelet says it", arguments: [
        (#""env":[{"name":"V","valueFrom":{"configMapKeyRef":{"name":"x","key":"k"}}}]"#, "configmap \"x\" not found"),
        (#""env":[{"name":"V","valueFrom":{"secretKeyRef":{"name":"x","key":"k"}}}]"#, "secret \"x\" not found"),
        (#""env":[{"name":"V","valueFrom":{"configMapKeyRef":{"name":"c","key":"k"}}}]"#, "couldn't find key k in ConfigMap default/c"),
        (#""env":[{"name":"V","valueFrom":{"secretKeyRef":{"name":"s","key":"k"}}}]"#, "couldn't find key k in Secret default/s"),
        (#""envFrom":[{"configMapRef":{"name":"x"}}]"#, "configmap \"x\" not found"),
        (#""envFrom":[{"secretRef":{"name":"x"}}]"#, "secret \"x\" not found"),
        (#""env":[{"name":"V","valueFrom":{"fieldRef":{"fieldPath":"spec.none"}}}]"#, "unsupported fieldPath: spec.none"),
    ])
    func missing(fields: String, message: String) throws {
        let pod = try pod(#"{"containers":[{"name":"c",\#(fields)}]}"#)
        let error = #expect(throws: PlanningError.self) { try plan(pod) }
        #expect(error?.description == message)
        #expect(error?.reason == "CreateContainerConfigError")
    }

    @Test("what is missing and optional is left out")
    func optional() throws {
        let plan = try plan(pod("""
            {"containers":[{"name":"c","envFrom":[{"secretRef":{"name":"x","optional":true}}],
             "env":[{"name":"V","valueFrom":{"configMapKeyRef":{"name":"x","key":"k","optional":true}}},
                    {"name":"W","valueFrom":{"secretKeyRef":{"name":"s","key":"k","optional":true}}}]}]}
            """))
        #expect(plan.environment("V") == nil)
        #expect(plan.environment("W") == nil)
    }
}
