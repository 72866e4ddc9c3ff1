import Foundation
import Glibc
import KubeAPI
import LinuxSystem
import Testing

extension NodeTests {
    /// The daemon dies without a word.
    @Suite("Recovery")
    struct RecoveryTests {
        let node: StandaloneNode
        let kubectl: Kubectl

        init() throws {
            node = try #require(StandaloneNode.current)
            kubectl = node.kubectl
        }

        @Test("kill -9 of the daemon leaves containers alone, and the next daemon manages them")
        func kill() async throws {
            try await node.applyExamples()
            // A fresh one, which has no restarts to back off from.
            try await kubectl("delete", "pod", "web-2")
            try await node.applyExamples()
            let before = try await pods()
            let pids = before.mapValues { node.containers(ofPod: $0.uid) }
            #expect(pids.values.allSatisfy { !$0.isEmpty })

            try await node.kill()
            #expect(before.mapValues { node.containers(ofPod: $0.uid) } == pids)
            #expect(try await node.berthctl("ps").contains("web-2"))
            #expect(try await node.berthctl("volumes").contains("default/www-web-1"))
            #expect(try await node.berthctl("why", "web-0").contains("berthd is not running"))
            #expect(try await node.berthctl("images", expecting: 1).contains("try: "))

            try await node.start()
            #expect(try await pods() == before)
            #expect(before.mapValues { node.containers(ofPod: $0.uid) } == pids)
            // Managed: commands run in it, its probe is asked again, and an end of its process is seen.
            #expect(try await kubectl.shell("web-2", "hostname") == "web-2\n")
            try await kubectl.shell("web-2", "nginx -s quit", expecting: nil)  // which ends the shell, too, sometimes before its time
            try await kubectl.wait("pod/web-2", until: "{.status.containerStatuses[0].restartCount}", is: "1")
            try await kubectl.waitUntilReady("web-2")
        }

        @Test("a container that ends while the daemon is away is reported with its own code and time, then restarted")
        func endsWhileAway() async throws {
            try await node.inNamespace("away") { kubectl in
                try await kubectl.apply(
                    """
                    apiVersion: v1
                    kind: Pod
                    metadata: {name: leaver}
                    spec:
                      terminationGracePeriodSeconds: 1
                      volumes: [{name: flag, emptyDir: {}}]
                      containers:
                      - name: main
                        image: \(StandaloneNode.busybox)
                        command: [sh, -c, "test -e /flag/left && exec sleep 1000; touch /flag/left; trap 'exit 7' USR1; while :; do sleep 1; done"]
                        volumeMounts: [{name: flag, mountPath: /flag}]
                    """)
                try await kubectl.waitUntilReady("leaver")
                let uid = try await kubectl.value("pod/leaver", "{.metadata.uid}")
                let pid = try #require(node.containers(ofPod: uid).first)
                try await node.kill()
                let signalled = Date()
                Glibc.kill(pid, SIGUSR1)
                try await eventually("the container ends") { !node.containers(ofPod: uid).contains(pid) }
                let gone = Date()
                try await Task.sleep(for: .seconds(2))  // so that the time of the end differs from the time it is found out
                try await node.start()

                try await kubectl.wait("pod/leaver", until: "{.status.containerStatuses[0].restartCount}", is: "1")
                try await kubectl.waitUntilReady("leaver")
                let last = try #require(try await kubectl.object("pod/leaver").at("status", "containerStatuses")?[0]?.at("lastState", "terminated"))
                #expect(last["exitCode"]?.int == 7)
                #expect(last["reason"]?.string == "Error")
                let finished = try Date(try #require(last["finishedAt"]?.string), strategy: .iso8601)
                // The API's times have whole seconds.
                #expect((signalled.addingTimeInterval(-1)...gone).contains(finished))
            }
        }

        @Test("a mount that no row tells of goes with its pod")
        func unknownMount() async throws {
            try await node.inNamespace("stray") { kubectl in
                try await kubectl.apply(
                    """
                    apiVersion: v1
                    kind: Pod
                    metadata: {name: stray}
                    spec:
                      restartPolicy: Never
                      volumes: [{name: scratch, emptyDir: {medium: Memory}}]
                      containers:
                      - name: main
                        image: \(StandaloneNode.busybox)
                        command: [sleep, "1000"]
                        volumeMounts: [{name: scratch, mountPath: /scratch}]
                    """)
                try await kubectl.waitUntilReady("stray")
                let uid = try await kubectl.value("pod/stray", "{.metadata.uid}")
                try await node.kill()
                Glibc.kill(try #require(node.supervisors()[uid]), SIGKILL)
                let rows = try await Program.run(
                    "/usr/bin/sqlite3", ["\(node.root)/var/lib/berth/ledger.sqlite", "DELETE FROM publication WHERE pod_uid = '\(uid)'; SELECT changes()"])
                #expect(rows == "2\n")  // and the volume of its token
                #expect(try SmallFile.text("/proc/self/mountinfo").contains(uid))
                try await node.start()
                try await kubectl("delete", "pod", "stray")
                // It has failed, so that its object goes at once, and what it had a moment later.
                try await eventually("its mounts go") { try !SmallFile.text("/proc/self/mountinfo").contains(uid) }
            }
        }

        @Test("the supervisor of a pod that neither the ledger nor the API server knows is ended, and gives its address back")
        func forgotten() async throws {
            try await kubectl.apply(
                """
                apiVersion: v1
                kind: Pod
                metadata: {name: forgotten}
                spec: {containers: [{name: main, image: "\(StandaloneNode.busybox)", command: [sleep, "1000"]}]}
                """)
            try await kubectl.waitUntilReady("forgotten")
            let uid = try await kubectl.value("pod/forgotten", "{.metadata.uid}")
            let reservations = { try await Program.run("/usr/bin/grep", ["-rls", uid, "\(node.root)/var/lib/berth", "--include=10.*"], expecting: nil) }
            #expect(try await reservations().split(separator: "\n").count == 1)
            try await node.kill()
            let state = "\(node.root)/var/lib/berth"
            let tables = ["pod", "sandbox", "network", "publication"]
            let rows = tables.map { "DELETE FROM \($0) WHERE \($0 == "pod" ? "uid" : "pod_uid") = '\(uid)';" }.joined()
            try await Program.run("/usr/bin/sqlite3", ["\(state)/ledger.sqlite", rows])
            try await Program.run("/usr/bin/sqlite3", ["\(state)/control-plane.sqlite", "DELETE FROM object WHERE resource = 'pods' AND name = 'forgotten'"])
            #expect(node.supervisors()[uid] != nil)
            try await node.start()
            try await eventually("nothing of it is left") {
                let address = try await reservations()
                let directory = "\(node.root)/var/lib/kubelet/pods/\(uid)"
                return node.supervisors()[uid] == nil && address.isEmpty && access(directory, F_OK) != 0
            }
        }

        @Test("a supervisor that is stopped is asked again, and goes on; one that never answers ends with its pod, and harms no other")
        func stopped() async throws {
            try await node.inNamespace("stopped") { kubectl in
                for name in ["stuck", "paused", "other"] {
                    try await kubectl.apply(
                        """
                        apiVersion: v1
                        kind: Pod
                        metadata: {name: \(name)}
                        spec:
                          terminationGracePeriodSeconds: 1
                          containers:
                          - name: main
                            image: \(StandaloneNode.busybox)
                            command: [sh, -c, "touch /up; exec sleep 1000"]
                            livenessProbe: {exec: {command: [test, -e, /up]}, periodSeconds: \(name == "paused" ? 1 : 1000)}
                        """)
                }
                try await kubectl.waitUntilReady("stuck", "paused", "other")
                let supervisors = node.supervisors()
                func pid(_ name: String) async throws -> pid_t { try #require(supervisors[try await kubectl.value("pod/\(name)", "{.metadata.uid}")]) }
                let (stuck, paused) = (try await pid("stuck"), try await pid("paused"))
                for pid in [stuck, paused] { Glibc.kill(pid, SIGSTOP) }
                let deletion = Task { try await kubectl("delete", "pod", "stuck", "--timeout=150s") }
                // Its probe times out, so that it is to be killed; nobody does that, until its supervisor is asked whether it is there.
                try await eventually("the node asks again", within: 120) { try SmallFile.text(node.log).contains("signal not sent") }
                #expect(try await kubectl.shell("other", "echo here") == "here\n")
                try await eventually("the container's time is over", within: 120) {
                    try SmallFile.text(node.log).split(separator: "\n").contains { $0.contains("signal not sent") && $0.contains("signal=9") && $0.contains("stopped/paused") }
                }
                Glibc.kill(paused, SIGCONT)
                try await kubectl.wait("pod/paused", until: "{.status.containerStatuses[0].restartCount}", is: "1", seconds: 120)
                #expect(try await pid("paused") == paused && node.supervisors().values.contains(paused))
                _ = try await deletion.value
                #expect(!node.supervisors().values.contains(stuck))
                #expect(try await kubectl.value("pod/other", "{.status.containerStatuses[0].restartCount}") == "0")
            }
        }

        private struct PodState: Equatable {
            var uid: String
            var restarts: Int
            var isReady: Bool
        }

        private func pods() async throws -> [String: PodState] {
            let list = try await kubectl.object("pods")
            var states: [String: PodState] = [:]
            for pod in list["items"]?.array ?? [] {
                let conditions = pod.at("status", "conditions")?.array ?? []
                states[pod.at("metadata", "name")?.string ?? ""] = PodState(
                    uid: pod.at("metadata", "uid")?.string ?? "", restarts: pod.at("status", "containerStatuses")?[0]?["restartCount"]?.int ?? -1,
                    isReady: conditions.contains { $0["type"] == "Ready" && $0["status"] == "True" })
            }
            return states
        }
    }
}
