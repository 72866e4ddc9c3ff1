import KubeAPI
import PodPlanning
import SandboxPlan
import Testing

@Suite("Bundles for OCI runtimes")
struct OCIConfigurationTests {
    private static let runtime = OCIRuntime(handler: "crun", path: "/usr/bin/crun")

    private func planned(_ text: String, volumes: [MountedVolume] = [], processTarget: String? = nil, layout: CgroupLayout? = nil) throws -> (plan: ContainerPlan, document: JSONValue) {
        let pod = try pod(text)
        let container = try #require(pod.spec.containers.first)
        let plan = try containerPlan(
            for: container, in: pod, attempt: 0, id: String(repeating: "a", count: 64), image: .test(#"{"Cmd":["run"]}"#),
            volumes: Dictionary(uniqueKeysWithValues: volumes.map { ($0.name, $0) }), objects: .test(), podIPs: ["10.88.0.5"],
            runtime: Self.runtime, processTarget: processTarget, seccomp: SeccompCompiler(), on: .test(layout ?? .v2(mountPoint: "/sys/fs/cgroup")))
        return (plan, try JSONValue(parsing: try #require(plan.process.document)))
    }

    private func names(_ list: JSONValue?, _ key: String) -> [String] { (list?.array ?? []).compactMap { $0[key]?.string } }

    @Test("the process is the plan's")
    func process() throws {
        let (plan, document) = try planned(
            #"{"containers":[{"name":"c","command":["/run","it"],"tty":true,"workingDir":"/srv","env":[{"name":"A","value":"b"}],"securityContext":{"runAsUser":7,"runAsGroup":8,"allowPrivilegeEscalation":false,"capabilities":{"drop":["ALL"],"add":["NET_ADMIN"]}}}],"securityContext":{"supplementalGroups":[9]}}"#)
        let process = try #require(document["process"])
        #expect(process["args"] == ["/run", "it"] && process["cwd"] == "/srv" && process["terminal"] == true && process["noNewPrivileges"] == true)
        #expect(process["user"] == ["uid": 7, "gid": 8, "umask": 18, "additionalGids": [8, 9]])
        #expect(process.at("capabilities", "bounding") == ["CAP_NET_ADMIN"] && process.at("capabilities", "ambient") == [])
        #expect(process["env"]?.array?.contains("A=b") == true)
        #expect(process["rlimits"] == [["type": "RLIMIT_NOFILE", "soft": 1_048_576, "hard": 1_048_576]])
        #expect(process["oomScoreAdj"]?.int == plan.process.oomScoreAdjustment)
        // The filter is the runtime's to load, and only once.
        #expect(plan.process.seccomp.isEmpty && document.at("linux", "seccomp", "defaultAction") == "SCMP_ACT_ERRNO")
        #expect(execPlan(command: ["ls"], tty: false, in: plan).document == nil)
    }

    @Test("namespaces of the pod are joined, the container's own are new, and the host's are not mentioned", arguments: [
        ("{", ["mount", "cgroup", "network", "ipc", "uts", "pid"], ["network", "ipc", "uts"]),
        (#"{"hostNetwork":true,"hostPID":true,"#, ["mount", "cgroup", "ipc"], ["ipc"]),
        (#"{"hostIPC":true,"shareProcessNamespace":true,"#, ["mount", "cgroup", "network", "uts", "pid"], ["network", "uts", "pid"]),
    ])
    func namespaces(spec: String, all: [String], joined: [String]) throws {
        let (plan, document) = try planned(spec + #""containers":[{"name":"c"}]}"#)
        let list = document.at("linux", "namespaces")
        #expect(names(list, "type") == all)
        #expect(names(list, "path") == joined.map { "\(plan.root.scratch)/bundle/namespaces/\($0)" })
    }

    @Test("a debug container joins the processes of its target")
    func target() throws {
        let (plan, document) = try planned(#"{"containers":[{"name":"c"}]}"#, processTarget: String(repeating: "b", count: 64))
        #expect(names(document.at("linux", "namespaces"), "path").contains("\(plan.root.scratch)/bundle/namespaces/pid"))
    }

    @Test("binds come from where berth-pod has put them, with their options")
    func mounts() throws {
        let (plan, document) = try planned(
            #"{"containers":[{"name":"c","volumeMounts":[{"name":"v","mountPath":"/v","subPath":"a","readOnly":true,"mountPropagation":"HostToContainer"}],"securityContext":{"readOnlyRootFilesystem":true}}]}"#,
            volumes: [MountedVolume(name: "v", hostPath: "/vol")])
        let mounts = try #require(document["mounts"]?.array)
        let index = try #require(plan.mounts.firstIndex { $0.destination == "/v" })
        #expect(mounts[index] == [
            "destination": "/v", "type": "bind", "source": .string("\(plan.root.scratch)/bundle/mounts/\(index)"), "options": ["ro", "rbind", "rslave"],
        ])
        #expect(mounts.map { $0["destination"]?.string } == plan.mounts.map(\.destination))
        #expect(mounts.first { $0["destination"] == "/dev" }?["options"] == ["nosuid", "strictatime", "mode=755", "size=65536k"])
        #expect(document["root"] == ["path": .string("\(plan.root.scratch)/merged"), "readonly": true])
        #expect(document.at("linux", "rootfsPropagation") == "rslave")
        let shared = try planned(
            #"{"containers":[{"name":"c","volumeMounts":[{"name":"v","mountPath":"/v","mountPropagation":"Bidirectional"}],"securityContext":{"privileged":true}}]}"#,
            volumes: [MountedVolume(name: "v", hostPath: "/vol")]).document
        #expect(shared.at("linux", "rootfsPropagation") == "rshared")
        #expect(shared.at("linux", "seccomp") == nil && shared.at("linux", "maskedPaths") == [])
        #expect(shared.at("linux", "resources", "devices") == [["allow": true, "access": "rwm"]])
    }

    @Test("the cgroup is named below its hierarchy, also in a node's own part of it", arguments: [
        (CgroupLayout.v2(mountPoint: "/sys/fs/cgroup/part"), "/part/kubepods/besteffort/podu1/"),
        (.v1(hierarchies: ["cpu": "/sys/fs/cgroup/cpu,cpuacct/part", "freezer": "/sys/fs/cgroup/freezer/part"]), "/part/kubepods/besteffort/podu1/"),
    ])
    func cgroup(layout: CgroupLayout, prefix: String) throws {
        let (plan, document) = try planned(#"{"containers":[{"name":"c"}]}"#, layout: layout)
        #expect(document.at("linux", "cgroupsPath")?.string == prefix + plan.id)
        #expect(throws: PlanningError.cgroupOutOfReach("/cg/cpu/kubepods/besteffort/podu1/\(plan.id)")) {
            try planned(#"{"containers":[{"name":"c"}]}"#, layout: NodeFacts.legacy)
        }
    }

    @Test("the pod's cgroup can be frozen and leaves devices to the runtime; a user namespace is refused")
    func sandbox() throws {
        let layout = CgroupLayout.v1(hierarchies: ["devices": "/sys/fs/cgroup/devices", "freezer": "/sys/fs/cgroup/freezer"])
        let plain = try pod(#"{"containers":[{"name":"c"}]}"#)
        let plan = try sandboxPlan(for: plain, runtime: Self.runtime, on: .test(layout))
        #expect(plan.runtime == Self.runtime)
        #expect(plan.cgroup.directories.contains("/sys/fs/cgroup/freezer/kubepods/besteffort/podu1"))
        #expect(!plan.cgroup.writes.contains { $0.file.contains("/devices.") })
        #expect(!(try sandboxPlan(for: plain, on: .test(layout)).cgroup.directories.contains { $0.contains("/freezer/") }))
        #expect(throws: PlanningError.userNamespacesUnsupported(handler: "crun")) {
            try sandboxPlan(
                for: pod(#"{"hostUsers":false,"containers":[{"name":"c"}]}"#), userMapping: IDMapping(hostBase: 65536, length: 65536),
                runtime: Self.runtime, on: .test())
        }
    }

    @Test("a Localhost profile says the same to the runtime, and one that cannot is refused")
    func localhost() throws {
        var objects = try ReferencedObjects.test()
        let profile = { (value: String) in
            #"{"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_X86_64"],"syscalls":[{"names":["mkdir"],"action":"SCMP_ACT_ERRNO","errnoRet":13,"args":[{"index":1,"value":\#(value),"op":"SCMP_CMP_EQ"}]}]}"#
        }
        let pod = try pod(#"{"containers":[{"name":"c","securityContext":{"seccompProfile":{"type":"Localhost","localhostProfile":"p"}}}]}"#)
        func plan() throws -> ContainerPlan {
            try containerPlan(
                for: pod.spec.containers[0], in: pod, attempt: 0, id: String(repeating: "a", count: 64), image: .test(#"{"Cmd":["run"]}"#), volumes: [:], objects: objects,
                podIPs: [], runtime: Self.runtime, seccomp: SeccompCompiler(), on: .test())
        }
        objects.seccompProfiles["p"] = Array(profile("448").utf8)
        let document = try #require(try plan().process.document)
        let seccomp = try #require(JSONValue(parsing: document).at("linux", "seccomp"))
        #expect(seccomp["defaultAction"] == "SCMP_ACT_ALLOW")
        #expect(seccomp["syscalls"] == [[
            "names": ["mkdir"], "action": "SCMP_ACT_ERRNO", "errnoRet": 13, "args": [["index": 1, "value": 448, "valueTwo": 0, "op": "SCMP_CMP_EQ"]],
        ]])
        objects.seccompProfiles["p"] = Array(profile("18446744073709551615").utf8)
        #expect(throws: PlanningError.self) { try plan() }
    }
}
