import Foundation
import KubeAPI
import Testing

extension NodeTests {
    /// Ends that are hastened, and starts that are held back.
    @Suite("Ends")
    struct EndingTests {
        let node: StandaloneNode

        init() throws { node = try #require(StandaloneNode.current) }

        private func pod(_ name: String, _ script: String = "trap \"\" TERM; sleep 1000", main: String = "", spec: String = "") -> String {
            StandaloneNode.pod(name, script, grace: 1000, main: main, spec: spec)
        }

        @Test("a later deletion shortens the grace period; a forced one takes the object at once, and its processes with it")
        func hastened() async throws {
            try await node.inNamespace("hastened") { kubectl in
                try await kubectl.apply(pod("patient") + pod("forced"))
                try await kubectl.waitUntilReady("patient", "forced")
                let uids = [try await kubectl.value("pod/patient", "{.metadata.uid}"), try await kubectl.value("pod/forced", "{.metadata.uid}")]
                for name in ["patient", "forced"] {
                    try await kubectl("delete", "pod", name, "--wait=false")
                    #expect(try await kubectl.value("pod/\(name)", "{.metadata.deletionGracePeriodSeconds}") == "1000")
                }
                try await eventually("both are asked to end") {
                    let events = try await kubectl("get", "events", "--field-selector", "reason=Killing", "-o", "jsonpath={.items[*].involvedObject.name}")
                    return events.contains("patient") && events.contains("forced")
                }
                #expect(uids.allSatisfy { !node.containers(ofPod: $0).isEmpty })

                try await kubectl("delete", "pod", "patient", "--grace-period=2", "--timeout=60s")
                #expect(node.containers(ofPod: uids[0]).isEmpty)
                try await kubectl("delete", "pod", "forced", "--grace-period=0", "--force", "--wait=false")
                #expect(try await kubectl("get", "pod", "forced", "--ignore-not-found", "-o", "name").isEmpty)
                try await eventually("its processes end") { node.supervisors()[uids[1]] == nil }
            }
        }

        @Test("what could not be started, and what a signal ended, is told by its exit code")
        func codes() async throws {
            try await node.inNamespace("codes") { kubectl in
                let none = pod("none", spec: "  restartPolicy: Never").replacing("[sh, -c, 'trap \"\" TERM; sleep 1000']", with: "[/none]")
                try await kubectl.apply(none + pod("killed", "sleep 1000", spec: "  restartPolicy: Never"))
                let end = "{.status.containerStatuses[0].state.terminated"
                try await kubectl.wait("pod/none", until: "\(end).reason}", is: "StartError")
                #expect(try await kubectl.value("pod/none", "\(end).exitCode}") == "128")
                #expect(try await kubectl.value("pod/none", "\(end).message}").contains("/none"))
                try await kubectl.waitUntilReady("killed")
                let uid = try await kubectl.value("pod/killed", "{.metadata.uid}")
                kill(try #require(node.containers(ofPod: uid).first), SIGKILL)
                try await kubectl.wait("pod/killed", until: "{.status.phase}", is: "Failed")
                #expect(try await kubectl.value("pod/killed", "\(end).exitCode} \(end).reason}") == "137 Error")
            }
        }

        @Test("the end of one container, earlier and for its own sake, takes none of the others' grace period")
        func ownGrace() async throws {
            try await node.inNamespace("grace") { kubectl in
                let polite = "trap \"echo term >> /host/polite; exit 0\" TERM; while :; do sleep 0.1; done"
                let sick = "{name: sick, image: \"\(StandaloneNode.busybox)\", command: [sleep, \"1000\"], livenessProbe: {exec: {command: [\"false\"]}, periodSeconds: 1, failureThreshold: 1}}"
                try await kubectl.apply(
                    pod("pair", polite, main: "volumeMounts: [{name: host, mountPath: /host}]", spec: "  - \(sick)\n  volumes: [{name: host, hostPath: {path: \(node.root)/grace, type: DirectoryOrCreate}}]\n  restartPolicy: Never")
                        .replacing("terminationGracePeriodSeconds: 1000", with: "terminationGracePeriodSeconds: 3"))
                let end = "{.status.containerStatuses[1].state.terminated.finishedAt}"
                try await eventually("the probe has ended one of the two") { try await kubectl.value("pod/pair", end).isEmpty == false }
                let ended = try await kubectl.value("pod/pair", end)
                try await eventually("the grace period has passed since") {
                    Date().timeIntervalSince(try #require(ISO8601DateFormatter().date(from: ended))) > 4
                }
                try await kubectl("delete", "pod", "pair", "--timeout=60s")
                #expect(try String(contentsOfFile: "\(node.root)/grace/polite", encoding: .utf8) == "term\n")
            }
        }

        @Test("a postStart hook keeps neither its pod's end up, nor the next run of a container that has ended")
        func hook() async throws {
            try await node.inNamespace("hook") { kubectl in
                let hook = "lifecycle: {postStart: {sleep: {seconds: 600}}}"
                try await kubectl.apply(
                    pod("hooked", "sleep 1000", main: hook).replacing("terminationGracePeriodSeconds: 1000", with: "terminationGracePeriodSeconds: 1")
                        + pod("failing", "sleep 1; exit 3", main: hook))
                try await kubectl.wait("pod/failing", until: "{.status.containerStatuses[0].restartCount}", is: "1")
                try await eventually("it runs") { try await kubectl.value("pod/hooked", "{.status.containerStatuses[0].containerID}").isEmpty == false }
                try await kubectl("delete", "pod", "hooked", "failing", "--timeout=60s")
            }
        }

        @Test("a forced deletion right behind a change ends the pod")
        func changedAndForced() async throws {
            try await node.inNamespace("changed") { kubectl in
                let names = (0..<8).map { "p\($0)" }
                try await kubectl.apply(names.map { pod($0, "sleep 1000") }.joined().replacing("terminationGracePeriodSeconds: 1000", with: "terminationGracePeriodSeconds: 1"))
                for name in names { try await kubectl.waitUntilReady(name) }
                let uids = try await kubectl("get", "pods", "-o", "jsonpath={.items[*].metadata.uid}").split(separator: " ").map(String.init)
                #expect(uids.count == names.count)
                for round in 0..<3 { try await kubectl("label", "pods", "--all", "--overwrite", "round=\(round)") }
                try await kubectl("delete", "pods", "--all", "--grace-period=0", "--force", "--wait=false")
                try await eventually("they end") { uids.allSatisfy { node.supervisors()[$0] == nil } }
            }
        }

        @Test("a deadline that is set or shortened later holds")
        func deadline() async throws {
            try await node.inNamespace("deadline") { kubectl in
                // It has failed when it has ended, which a first process without a handler does by SIGKILL.
                let pods = pod("set", "sleep 1000", spec: "  restartPolicy: Never") + pod("shorter", "sleep 1000", spec: "  restartPolicy: Never\n  activeDeadlineSeconds: 1000")
                try await kubectl.apply(pods.replacing("terminationGracePeriodSeconds: 1000", with: "terminationGracePeriodSeconds: 1"))
                try await kubectl.waitUntilReady("set", "shorter")
                for name in ["set", "shorter"] {
                    try await kubectl("patch", "pod", name, "-p", #"{"spec": {"activeDeadlineSeconds": 1}}"#)
                    try await kubectl.wait("pod/\(name)", until: "{.status.reason}", is: "DeadlineExceeded")
                }
            }
        }

        @Test("the daemon's end forgives nobody: the back-off goes on, and the count of restarts only grows")
        func backOff() async throws {
            try await node.inNamespace("back-off") { kubectl in
                try await kubectl.apply(pod("failing", "exit 1"))
                let state = "{.status.containerStatuses[0]"
                let twenty = "back-off 20s restarting failed container=main pod=failing_back-off"
                try await eventually("it waits for twenty seconds", within: 60) {
                    try await kubectl.value("pod/failing", "\(state).state.waiting.message}").hasPrefix(twenty)
                }
                let count = try #require(Int(try await kubectl.value("pod/failing", "\(state).restartCount}")))
                let ended = try await time(kubectl, "\(state).lastState.terminated.finishedAt}")
                // Of a container that is over only its log stays.
                let id = try await kubectl.value("pod/failing", "\(state).lastState.terminated.containerID}").split(separator: "/").last ?? ""
                #expect(!id.isEmpty)
                try await eventually("its writable layer goes") { access("\(node.root)/var/lib/berth/containers/\(id)", F_OK) != 0 }
                try await node.kill()
                try await node.start()
                try await kubectl.wait("pod/failing", until: "\(state).restartCount}", is: "\(count + 1)", seconds: 60)
                try await eventually("the next run is over") { try await time(kubectl, "\(state).lastState.terminated.startedAt}") > ended }
                // The API's times have whole seconds.
                #expect(try await time(kubectl, "\(state).lastState.terminated.startedAt}") >= ended.addingTimeInterval(19))
                #expect(try await kubectl.value("pod/failing", "\(state).state.waiting.message}").hasPrefix("back-off 40s"))
            }
        }

        private func time(_ kubectl: Kubectl, _ path: String) async throws -> Date {
            try Date(try await kubectl.value("pod/failing", path), strategy: .iso8601)
        }

        @Test("a seccomp profile of the node confines, and a changed one confines the next start otherwise")
        func profile() async throws {
            try await node.inNamespace("profile") { kubectl in
                func write(_ action: String) throws {
                    let profile = #"{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "\#(action)"}]}"#
                    try FileManager.default.createDirectory(atPath: "\(node.root)/var/lib/kubelet/seccomp", withIntermediateDirectories: true)
                    try Data(profile.utf8).write(to: URL(fileURLWithPath: "\(node.root)/var/lib/kubelet/seccomp/own.json"))
                }
                let own = "securityContext: {seccompProfile: {type: Localhost, localhostProfile: own.json}}"
                func print(_ name: String) async throws -> String {
                    try await kubectl.apply(pod(name, "mkdir /made 2>&1 && echo made", main: own, spec: "  restartPolicy: Never"))
                    try await eventually("it has run") { try await ["Succeeded", "Failed"].contains(kubectl.value("pod/\(name)", "{.status.phase}")) }
                    return try await kubectl("logs", name)
                }
                try write("SCMP_ACT_ERRNO")
                #expect(try await print("refused").contains("Operation not permitted"))
                try write("SCMP_ACT_ALLOW")
                #expect(try await print("allowed") == "made\n")
            }
        }
    }
}
