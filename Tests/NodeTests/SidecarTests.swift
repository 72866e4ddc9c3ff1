import Foundation
import KubeAPI
import Testing

extension NodeTests {
    /// Init containers that stay.
    @Suite("Sidecars")
    struct SidecarTests {
        let node: StandaloneNode

        init() throws { node = try #require(StandaloneNode.current) }

        private var book: String { "\(node.root)/sidecars/book" }

        /// Writes down when it begins and when it is told to end.
        private func container(_ name: String, _ more: String = "", script: String = "") -> String {
            """
              - name: \(name)
                image: "\(StandaloneNode.busybox)"
                command: [sh, -c, "trap 'echo -\(name) >> /book/book; exit 0' TERM; \(script)echo +\(name) >> /book/book; while :; do sleep 0.1; done"]
                volumeMounts: [{name: book, mountPath: /book}]
                \(more)
            """
        }

        @Test("they start in order and before the others, each after the one before has started up; restart by themselves, and end last, in reverse order")
        func order() async throws {
            try await node.inNamespace("sidecars") { kubectl in
                // Its startup probe passes two seconds after its start.
                let slow = "restartPolicy: Always\n    startupProbe: {exec: {command: [test, -e, /book/up]}, periodSeconds: 1, failureThreshold: 100}"
                try await kubectl.apply(
                    """
                    apiVersion: v1
                    kind: Pod
                    metadata: {name: team}
                    spec:
                      restartPolicy: Never
                      terminationGracePeriodSeconds: 60
                      volumes: [{name: book, hostPath: {path: \(node.root)/sidecars, type: DirectoryOrCreate}}]
                      initContainers:
                    \(container("first", slow))
                    \(container("second", "restartPolicy: Always"))
                      containers:
                    \(container("main"))
                    """)
                try await eventually("the first one runs") { try text() == "+first\n" }
                try await kubectl.wait("pod/team", until: "{.status.containerStatuses[0].state.waiting.reason}", is: "PodInitializing")
                // Nobody goes before it has started up.
                #expect(try text() == "+first\n")
                try Data().write(to: URL(fileURLWithPath: "\(node.root)/sidecars/up"))
                try await kubectl.waitUntilReady("team")
                try await eventually("all run") { try text() == "+first\n+second\n+main\n" }

                let uid = try await kubectl.value("pod/team", "{.metadata.uid}")
                try await kubectl.shell("team", "kill -TERM 1", container: "second")
                try await eventually("it runs again") { try text() == "+first\n+second\n+main\n-second\n+second\n" }
                try await eventually("its restart is told") {
                    let counts = try await kubectl.value("pod/team", "{.status.initContainerStatuses[*].restartCount} {.status.containerStatuses[*].restartCount}")
                    return counts == "0 1 0"
                }
                #expect(node.containers(ofPod: uid).count == 3)

                try await kubectl("delete", "pod", "team", "--timeout=60s")
                #expect(try text().hasSuffix("+second\n-main\n-second\n-first\n"))
            }
        }

        @Test("a pod whose work is done is over, whatever its sidecars do")
        func done() async throws {
            try await node.inNamespace("sidecar-done") { kubectl in
                try await kubectl.apply(
                    """
                    apiVersion: v1
                    kind: Pod
                    metadata: {name: job}
                    spec:
                      restartPolicy: OnFailure
                      terminationGracePeriodSeconds: 1
                      initContainers: [{name: side, image: "\(StandaloneNode.busybox)", restartPolicy: Always, command: [sleep, "1000"]}]
                      containers: [{name: main, image: "\(StandaloneNode.busybox)", command: ["true"]}]
                    """)
                try await kubectl.wait("pod/job", until: "{.status.phase}", is: "Succeeded")
                #expect(try await kubectl.value("pod/job", "{.status.initContainerStatuses[0].state.terminated.exitCode}") == "137")
            }
        }

        private func text() throws -> String { try String(contentsOfFile: book, encoding: .utf8) }
    }
}
