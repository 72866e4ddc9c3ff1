import KubeAPI
@testable import PodPlanning
import SandboxPlan
import Testing

@Suite("Container process")
struct ProcessPlanTests {
    @Test("command and args replace Entrypoint and Cmd as documented", arguments: [
        (#""tty":false"#, ["/entry", "-d"]),
        (#""args":["x"]"#, ["/entry", "x"]),
        (#""command":["/own"]"#, ["/own"]),
        (#""command":["/own"],"args":["$(A)","$$(A)","$(B)"],"env":[{"name":"A","value":"1"}]"#, ["/own", "1", "$(A)", "$(B)"]),
    ])
    func command(fields: String, expected: [String]) throws {
        #expect(try plan(pod(#"{"containers":[{"name":"c",\#(fields)}]}"#)).process.arguments == expected)
    }

    @Test("nothing to run is an error of its own")
    func noCommand() throws {
        let pod = try pod(#"{"containers":[{"name":"c"}]}"#)
        #expect(throws: PlanningError.noCommand) { try plan(pod, image: "{}") }
    }

    @Test("the working directory is the container's, else the image's, else the root", arguments: [
        (#""workingDir":"/w""#, #"{"Cmd":["x"],"WorkingDir":"/i"}"#, "/w"), (#""tty":false"#, #"{"Cmd":["x"],"WorkingDir":"/i"}"#, "/i"),
        (#""tty":false"#, #"{"Cmd":["x"]}"#, "/"),
    ])
    func workingDirectory(fields: String, image: String, expected: String) throws {
        #expect(try plan(pod(#"{"containers":[{"name":"c",\#(fields)}]}"#), image: image).process.workingDirectory == expected)
    }

    static let userTable: [(String, String, String, UInt32, UInt32, [UInt32])] = [
        // pod context, container context, image user, uid, gid, groups
        ("{}", "{}", "", 0, 0, [0]),
        ("{}", "{}", "www", 33, 34, [34, 50]),
        ("{}", "{}", "33", 33, 34, [34, 50]),
        ("{}", "{}", "www:logs", 33, 50, [50]),
        ("{}", "{}", "1000:1001", 1000, 1001, [1001]),
        ("{}", #"{"runAsUser":1000}"#, "www:logs", 1000, 0, [0]),
        (#"{"runAsUser":1000,"runAsGroup":7}"#, #"{"runAsUser":33}"#, "", 33, 7, [7, 50]),
        (#"{"runAsGroup":7}"#, "{}", "www:logs", 33, 7, [7, 50]),
        (#"{"fsGroup":2000,"supplementalGroups":[9,8]}"#, "{}", "www", 33, 34, [34, 8, 9, 50, 2000]),
        (#"{"supplementalGroupsPolicy":"Strict","supplementalGroups":[9]}"#, "{}", "www", 33, 34, [34, 9]),
    ]

    @Test("user and groups", arguments: userTable)
    func users(podContext: String, context: String, user: String, uid: UInt32, gid: UInt32, groups: [UInt32]) throws {
        let pod = try pod(#"{"securityContext":\#(podContext),"containers":[{"name":"c","securityContext":\#(context)}]}"#)
        let process = try plan(pod, image: #"{"Cmd":["x"],"User":"\#(user)"}"#).process
        #expect(process.uid == uid)
        #expect(process.gid == gid)
        #expect(process.groups == groups)
    }

    @Test("a user or group the image does not have is an error", arguments: ["nobody", "www:nogroup", "-1"])
    func unknownUser(user: String) throws {
        let pod = try pod(#"{"containers":[{"name":"c"}]}"#)
        #expect(throws: PlanningError.self) { try plan(pod, image: #"{"Cmd":["x"],"User":"\#(user)"}"#) }
    }

    @Test("runAsNonRoot is checked before the start", arguments: [
        ("{}", "", "container has runAsNonRoot and image will run as root (pod: \"web-0_default(u1)\", container: c)"),
        ("{}", "0:5", "container has runAsNonRoot and image will run as root (pod: \"web-0_default(u1)\", container: c)"),
        ("{}", "www", "container has runAsNonRoot and image has non-numeric user (www), cannot verify user is non-root (pod: \"web-0_default(u1)\", container: c)"),
        (#"{"runAsUser":0}"#, "33", "container's runAsUser breaks non-root policy (pod: \"web-0_default(u1)\", container: c)"),
    ])
    func nonRoot(podContext: String, user: String, message: String) throws {
        let pod = try pod(#"{"securityContext":\#(podContext),"containers":[{"name":"c","securityContext":{"runAsNonRoot":true}}]}"#)
        let error = #expect(throws: PlanningError.self) { try plan(pod, image: #"{"Cmd":["x"],"User":"\#(user)"}"#) }
        #expect(error?.description == message)
        #expect(error?.reason == "CreateContainerConfigError")
    }

    @Test("runAsNonRoot lets other users pass", arguments: [("{}", "33"), (#"{"runAsUser":5}"#, "root")])
    func nonRootPasses(podContext: String, user: String) throws {
        let pod = try pod(#"{"securityContext":\#(podContext),"containers":[{"name":"c","securityContext":{"runAsNonRoot":true}}]}"#)
        #expect(throws: Never.self) { try plan(pod, image: #"{"Cmd":["x"],"User":"\#(user)"}"#) }
    }

    static let defaults: UInt64 = 0x0000_0000_a804_25fb

    static let capabilityTable: [(String, UInt64)] = [
        ("{}", defaults),
        (#"{"capabilities":{"add":["NET_ADMIN"]}}"#, defaults | 1 << 12),
        (#"{"capabilities":{"add":["CAP_SYS_TIME"],"drop":["ALL"]}}"#, 1 << 25),
        (#"{"capabilities":{"drop":["chown"]}}"#, defaults & ~1),
        (#"{"capabilities":{"add":["ALL"],"drop":["SYS_ADMIN"]}}"#, 0x1ff_ffff_ffff & ~(1 << 21)),
        (#"{"privileged":true}"#, 0x1ff_ffff_ffff),
    ]

    @Test("capabilities are added to and dropped from the default set", arguments: capabilityTable)
    func capabilities(context: String, expected: UInt64) throws {
        let pod = try pod(#"{"containers":[{"name":"c","securityContext":\#(context)}]}"#)
        for layout in [NodeFacts.legacy, .v2(mountPoint: "/sys/fs/cgroup")] {
            let sets = try plan(pod, on: .test(layout)).process.capabilities
            #expect(sets == CapabilitySets(bounding: expected, effective: expected, permitted: expected))
        }
    }

    @Test("processes may be traced in a shared PID namespace as in one's own")
    func tracing() throws {
        let spec = #"{"shareProcessNamespace":true,"containers":[{"name":"c","securityContext":{"capabilities":{"add":["SYS_PTRACE"]}}}]}"#
        #expect(try plan(pod(spec)).process.capabilities.effective == Self.defaults | 1 << 19)
    }

    @Test("a capability nobody knows is an error")
    func unknownCapability() throws {
        let pod = try pod(#"{"containers":[{"name":"c","securityContext":{"capabilities":{"add":["FLY"]}}}]}"#)
        #expect(throws: PlanningError.unknownCapability("FLY")) { try plan(pod) }
    }

    @Test("no_new_privs follows allowPrivilegeEscalation", arguments: [("{}", false), (#"{"allowPrivilegeEscalation":false}"#, true), (#"{"allowPrivilegeEscalation":true}"#, false)])
    func noNewPrivileges(context: String, expected: Bool) throws {
        #expect(try plan(pod(#"{"containers":[{"name":"c","securityContext":\#(context)}]}"#)).process.noNewPrivileges == expected)
    }

    @Test("an exec runs like the container, with its own command and terminal")
    func exec() throws {
        let container = try plan(pod(#"{"containers":[{"name":"c","securityContext":{"runAsUser":33}}]}"#))
        let exec = execPlan(command: ["sh"], tty: true, in: container)
        #expect(exec.arguments == ["sh"])
        #expect(exec.uid == 33)
        #expect(exec.tty)
        #expect(exec.environment == container.process.environment + ["TERM=xterm"])
        #expect(exec.seccomp == container.process.seccomp)
    }

    static let appArmorTable: [(Bool, String, String?, Bool)] = [
        (false, #"{"type":"RuntimeDefault"}"#, nil, true), (false, #"{"type":"Unconfined"}"#, nil, false),
        (true, #"{"type":"Localhost","localhostProfile":"p"}"#, "p", false), (true, #"{"type":"Unconfined"}"#, "unconfined", false),
        (false, #"{"type":"Localhost","localhostProfile":"p"}"#, nil, true),
    ]

    @Test("AppArmor is honoured or refused, never ignored", arguments: appArmorTable)
    func appArmor(isEnabled: Bool, profile: String, expected: String?, isRefused: Bool) throws {
        let pod = try pod(#"{"containers":[{"name":"c","securityContext":{"appArmorProfile":\#(profile)}}]}"#)
        var node = try NodeFacts.test()
        node.kernel.appArmor = isEnabled
        if isRefused {
            #expect(throws: PlanningError.appArmorUnavailable) { try plan(pod, on: node) }
        } else {
            #expect(try plan(pod, on: node).process.appArmorProfile == expected)
        }
    }

    @Test("oom_score_adj by quality of service", arguments: [
        ("{}", 1000),
        (#"{"limits":{"cpu":"1","memory":"1Gi"}}"#, -997),
        (#"{"requests":{"memory":"4Gi"}}"#, 500),
        (#"{"requests":{"memory":"1"}}"#, 999),
        (#"{"requests":{"memory":"8Gi"}}"#, 3),
    ])
    func oomScore(resources: String, expected: Int) throws {
        #expect(try plan(pod(#"{"containers":[{"name":"c","resources":\#(resources)}]}"#)).process.oomScoreAdjustment == expected)
    }

    @Test("no plan asks for more than the daemon may give", arguments: [
        (true, UInt64(1024), UInt64(1) << 30, UInt64(1) << 20, -997),
        (true, 1024, 65536, 65536, -997),
        (false, 4096, 1 << 30, 4096, -5),
        (false, 1 << 30, 1 << 30, 1 << 20, -5),
    ])
    func privileges(hasCapability: Bool, own: UInt64, system: UInt64, files: UInt64, score: Int) throws {
        var node = try NodeFacts.test()
        node.privileges = ProcessPrivileges(hasResourceCapability: hasCapability, openFiles: own, systemOpenFiles: system, oomScore: -5)
        let guaranteed = try pod(#"{"containers":[{"name":"c","resources":{"limits":{"cpu":"1","memory":"1Gi"}}}]}"#)
        let process = try plan(guaranteed, on: node).process
        #expect(process.resourceLimits.map(\.hard) == [files] && process.oomScoreAdjustment == score)
        #expect(try sandboxPlan(for: guaranteed, on: node).oomScoreAdjustment == (hasCapability ? -998 : -5))
    }

    @Test("a critical pod is killed last")
    func critical() throws {
        #expect(try plan(pod(#"{"priority":2000001000,"containers":[{"name":"c"}]}"#)).process.oomScoreAdjustment == -997)
    }
}
