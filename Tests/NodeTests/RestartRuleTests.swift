import Foundation
import KubeAPI
import Testing

extension NodeTests {
    /// `restartPolicyRules`.
    @Suite("Restart rules")
    struct RestartRuleTests {
        let node: StandaloneNode

        init() throws { node = try #require(StandaloneNode.current) }

        @Test("an exit code of a rule starts all containers anew, init containers first, in the same pod")
        func all() async throws {
            try await node.inNamespace("rules") { kubectl in
                let host = "volumeMounts: [{name: host, mountPath: /host}]"
                try await kubectl.apply(
                    """
                    apiVersion: v1
                    kind: Pod
                    metadata: {name: team}
                    spec:
                      restartPolicy: Never
                      terminationGracePeriodSeconds: 60
                      volumes: [{name: host, hostPath: {path: \(node.root)/rules, type: DirectoryOrCreate}}]
                      initContainers:
                      - {name: first, image: "\(StandaloneNode.busybox)", command: [sh, -c, "echo first >> /host/order"], \(host)}
                      containers:
                      - {name: other, image: "\(StandaloneNode.busybox)", command: [sh, -c, "trap '' TERM; echo other >> /host/order; sleep 1000"], \(host)}
                      - name: leader
                        image: "\(StandaloneNode.busybox)"
                        command: [sh, -c, "test -e /host/again && sleep 1000; touch /host/again; sleep 2; exit 42"]
                        restartPolicy: Never
                        restartPolicyRules: [{action: RestartAllContainers, exitCodes: {operator: In, values: [42]}}]
                        \(host)
                    """)
                try await kubectl.waitUntilReady("team")
                let ip = try await kubectl.value("pod/team", "{.status.podIP}")
                try await kubectl.wait("pod/team", until: #"{.status.containerStatuses[?(@.name=="leader")].restartCount}"#, is: "1")
                try await kubectl.waitUntilReady("team")
                #expect(try String(contentsOfFile: "\(node.root)/rules/order", encoding: .utf8) == "first\nother\nfirst\nother\n")
                #expect(try await kubectl.value("pod/team", "{.status.containerStatuses[*].restartCount} {.status.podIP}") == "1 1 \(ip)")
                #expect(try await kubectl.value("pod/team", #"{.status.containerStatuses[?(@.name=="leader")].lastState.terminated.exitCode}"#) == "42")
                #expect(try await kubectl.value("pod/team", #"{.status.conditions[?(@.type=="AllContainersRestarting")].status}"#) == "False")
            }
        }

        @Test("of a container that starts again and again, the last two logs stay")
        func logs() async throws {
            try await node.inNamespace("again") { kubectl in
                try await kubectl.apply(
                    """
                    apiVersion: v1
                    kind: Pod
                    metadata: {name: again}
                    spec:
                      terminationGracePeriodSeconds: 0
                      containers: [{name: main, image: "\(StandaloneNode.busybox)", command: [sh, -c, "echo run; exit 1"]}]
                    """)
                try await kubectl.wait("pod/again", until: "{.status.containerStatuses[0].restartCount}", is: "2")
                let uid = try await kubectl.value("pod/again", "{.metadata.uid}")
                let directory = "\(node.root)/var/log/pods/again_again_\(uid)/main"
                let pod = "\(node.root)/var/lib/kubelet/pods/\(uid)"
                try await eventually("the first log goes, and the first message") {
                    try FileManager.default.contentsOfDirectory(atPath: directory).sorted() == ["1.log", "2.log"]
                        && FileManager.default.contentsOfDirectory(atPath: pod).filter { $0.hasPrefix("termination.") }.sorted()
                            == ["termination.main.1", "termination.main.2"]
                }
                #expect(try await kubectl("logs", "again", "--previous") == "run\n")
                try await node.kill()
                try await node.start()
                #expect(try await kubectl("logs", "again", "--previous") == "run\n")
            }
        }
    }
}
