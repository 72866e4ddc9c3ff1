import KubeAPI
import PodPlanning
import SandboxPlan
import Testing

@Suite("SELinux labels")
struct SELinuxTests {
    static let pair = SELinuxCategories.free(for: "u1", besides: [])
    static let own = pair.map { "s0:c\($0.low),c\($0.high)" } ?? ""

    private func labels(_ spec: String, _ policy: SELinuxPolicy? = SELinuxPolicy()) throws -> [String?] {
        let pod = try pod(spec)
        var node = try NodeFacts.test()
        node.kernel.seLinux = policy
        let plan = try containerPlan(
            for: #require(pod.spec.containers.first), in: pod, attempt: 0, id: String(repeating: "a", count: 64), image: .test(#"{"Cmd":["x"]}"#), volumes: [:],
            objects: .test(), podIPs: [], categories: policy == nil ? nil : Self.pair, seccomp: SeccompCompiler(), on: node)
        #expect(execPlan(command: ["sh"], tty: false, in: plan).seLinuxLabel == plan.process.seLinuxLabel)
        return [plan.process.seLinuxLabel, plan.mountLabel]
    }

    @Test("each pod has categories of its own, which its containers' processes and files carry")
    func standard() throws {
        #expect(try labels(#"{"containers":[{"name":"c"}]}"#) == ["system_u:system_r:container_t:\(Self.own)", "system_u:object_r:container_file_t:\(Self.own)"])
    }

    @Test("options take the place of the parts that they name, a container's that of the pod's", arguments: [
        (#"{"securityContext":{"seLinuxOptions":{"type":"web_t"}},"containers":[{"name":"c"}]}"#, "system_u:system_r:web_t:\(own)", "system_u:object_r:container_file_t:\(own)"),
        (#"{"securityContext":{"seLinuxOptions":{"level":"s0:c1,c2"}},"containers":[{"name":"c"}]}"#, "system_u:system_r:container_t:s0:c1,c2", "system_u:object_r:container_file_t:s0:c1,c2"),
        (
            #"{"securityContext":{"seLinuxOptions":{"level":"s0:c1,c2"}},"containers":[{"name":"c","securityContext":{"seLinuxOptions":{"user":"u","role":"r","type":"t","level":"s0:c7"}}}]}"#,
            "u:r:t:s0:c7", "u:object_r:container_file_t:s0:c7"
        ),
        (#"{"securityContext":{"seLinuxOptions":{"level":"s0:c1"}},"containers":[{"name":"c","securityContext":{"seLinuxOptions":{"type":"t"}}}]}"#, "system_u:system_r:t:\(own)", "system_u:object_r:container_file_t:\(own)"),
    ])
    func options(spec: String, process: String, file: String) throws {
        #expect(try labels(spec) == [process, file])
    }

    @Test("who shares the host's processes or memory is not kept from them, unless asked for", arguments: [
        (#"{"containers":[{"name":"c","securityContext":{"privileged":true}}]}"#, "system_u:system_r:spc_t:s0"),
        (#"{"hostPID":true,"containers":[{"name":"c"}]}"#, "system_u:system_r:spc_t:s0"),
        (#"{"hostIPC":true,"containers":[{"name":"c"}]}"#, "system_u:system_r:spc_t:s0"),
        (#"{"hostPID":true,"containers":[{"name":"c","securityContext":{"seLinuxOptions":{"type":"t"}}}]}"#, "system_u:system_r:t:s0"),
    ])
    func shared(spec: String, process: String) throws {
        #expect(try labels(spec).first == process)
    }

    @Test("the policy says what containers are, and one that knows none labels only those that ask")
    func policy() throws {
        var policy = SELinuxPolicy(contexts: "process = \"a:b:c:s0\"\nfile=\"d:e:f:s0\"\nro_file = \"x\"\nsandbox_lxc_process = \"no:no:no:s0\"\n")
        #expect(try labels(#"{"containers":[{"name":"c"}]}"#, policy) == ["a:b:c:\(Self.own)", "d:e:f:\(Self.own)"])
        policy.isForContainers = false
        #expect(try labels(#"{"containers":[{"name":"c"}]}"#, policy) == [nil, nil])
        #expect(try labels(#"{"containers":[{"name":"c","securityContext":{"seLinuxOptions":{"type":"t"}}}]}"#, policy).first == "a:b:t:\(Self.own)")
        // A policy without levels has no categories either.
        #expect(try labels(#"{"containers":[{"name":"c"}]}"#, SELinuxPolicy(contexts: "process=\"a:b:c\"\nfile=\"d:e:f\"")) == ["a:b:c", "d:e:f"])
    }

    @Test("without SELinux nobody is labelled, and who asks is refused")
    func none() throws {
        #expect(try labels(#"{"containers":[{"name":"c"}]}"#, nil) == [nil, nil])
        #expect(throws: PlanningError.seLinuxUnavailable) { try labels(#"{"containers":[{"name":"c","securityContext":{"seLinuxOptions":{"type":"t"}}}]}"#, nil) }
    }

    @Test("a pod finds its categories again while they are free, and no two pods have the same")
    func categories() throws {
        var taken: Set<SELinuxCategories> = []
        for pod in 0..<2000 {
            let pair = try #require(SELinuxCategories.free(for: "pod-\(pod % 1000)", besides: taken))
            #expect((0..<pair.high).contains(pair.low) && pair.high < 1024 && !taken.contains(pair))
            taken.insert(pair)
        }
        #expect(SELinuxCategories.free(for: "u1", besides: taken) == Self.pair)
    }
}
