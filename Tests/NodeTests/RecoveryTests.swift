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
