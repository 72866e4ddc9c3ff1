import Foundation
import KubeAPI
import Testing

extension NodeTests {
    /// How containers start, are looked after, and end.
    @Suite("Lifecycle")
    struct LifecycleTests {
        let node: StandaloneNode

        init() throws { node = try #require(StandaloneNode.current) }

        private func pod(_ name: String, _ script: String, main: String = "", spec: String = "") -> String {
            StandaloneNode.pod(name, script, grace: 1, main: main, spec: spec)
        }

        @Test("berthctl exec shows all of a command that ends at once, each time")
        func shortCommands() async throws {
            try await node.inNamespace("short") { kubectl in
                try await kubectl.apply(pod("short", "sleep 1000"))
                try await kubectl.waitUntilReady("short")
                for number in 0..<20 {
                    let output = try await Program.run(
                        "\(StandaloneNode.products)/berthctl", ["exec", "--root-dir", node.root, "short/short", "--", "echo", "\(number)"])
                    #expect(output == "\(number)\n")
                }
            }
        }

        @Test("ends are told apart: success, failure, back-off, out of memory, past the deadline")
        func ends() async throws {
            try await node.inNamespace("ends") { kubectl in
                let hog = "a=x; while :; do a=$a$a; done"
                try await kubectl.apply(
                    pod("done", "exit 0", spec: "  restartPolicy: Never") + pod("broken", "echo why > /dev/termination-log; exit 3", spec: "  restartPolicy: Never")
                        + pod("looping", "exit 4") + pod("hog", hog, main: "resources: {limits: {memory: 16Mi}}", spec: "  restartPolicy: Never")
                        + pod("late", "sleep 100", spec: "  restartPolicy: Never\n  activeDeadlineSeconds: 1"))
                try await kubectl.wait("pod/done", until: "{.status.phase}", is: "Succeeded")
                try await kubectl.wait("pod/broken", until: "{.status.phase}", is: "Failed")
                let end = "{.status.containerStatuses[0].state.terminated"
                #expect(try await kubectl.value("pod/broken", "\(end).exitCode} \(end).message}") == "3 why\n")
                try await kubectl.wait("pod/looping", until: "{.status.containerStatuses[0].state.waiting.reason}", is: "CrashLoopBackOff")
                #expect(try await kubectl.value("pod/looping", "{.status.containerStatuses[0].restartCount}") != "0")
                #expect(try await kubectl.value("pod/looping", "{.status.containerStatuses[0].lastState.terminated.exitCode}") == "4")
                try await eventually("its starts are one event that counts them") {
                    let counts = try await kubectl("get", "events", "--field-selector", "involvedObject.name=looping,reason=Started", "-o", "jsonpath={.items[*].count}")
                    return (Int(counts) ?? 0) >= 2
                }
                try await kubectl.wait("pod/hog", until: "\(end).reason}", is: "OOMKilled")
                #expect(try await kubectl.value("pod/hog", "\(end).exitCode}") == "137")
                try await kubectl.wait("pod/late", until: "{.status.reason}", is: "DeadlineExceeded", seconds: 60)
                #expect(try await kubectl.value("pod/late", "{.status.phase} {.status.containerStatuses[0].state.running.startedAt}") == "Failed ")
                #expect(try await node.berthctl("why", "ends/looping").contains("CrashLoopBackOff"))
            }
        }

        @Test("a readiness probe takes the pod out of its Service and back, a liveness probe restarts its container")
        func probes() async throws {
            try await node.inNamespace("probes") { kubectl in
                let idle = "touch /tmp/ok; sleep 1000"
                let probe = "exec: {command: [test, -e, /tmp/ok]}, periodSeconds: 1, failureThreshold: 1"
                try await kubectl.apply(
                    pod("served", idle, main: "readinessProbe: {\(probe)}") + pod("watched", idle, main: "livenessProbe: {\(probe), initialDelaySeconds: 1}"))
                try await kubectl("create", "service", "clusterip", "served", "--tcp=80:80")
                try await kubectl.waitUntilReady("served", "watched")
                let slice = ["get", "endpointslices", "-l", "kubernetes.io/service-name=served", "-o", "jsonpath={.items[0].endpoints[0].conditions.ready}"]
                func isServed() async throws -> String {
                    try await kubectl(slice[0], slice[1], slice[2], slice[3], slice[4], slice[5])
                }
                try await eventually("its Service has it") { try await isServed() == "true" }
                try await kubectl.shell("served", "rm /tmp/ok")
                try await eventually("its Service does without it") { try await isServed() == "false" }
                try await kubectl.shell("served", "touch /tmp/ok")
                try await eventually("its Service has it back") { try await isServed() == "true" }
                #expect(try await kubectl.value("pod/served", "{.status.containerStatuses[0].restartCount}") == "0")

                try await kubectl.shell("watched", "rm /tmp/ok")
                try await kubectl.wait("pod/watched", until: "{.status.containerStatuses[0].restartCount}", is: "1")
                #expect(try await kubectl("describe", "pod", "watched").contains("Liveness probe failed"))
            }
        }

        @Test("a deletion runs preStop, sends SIGTERM, and gives as long as asked for")
        func graceful() async throws {
            try await node.inNamespace("graceful") { kubectl in
                let shared = "  volumes: [{name: host, hostPath: {path: \(node.root)/graceful, type: DirectoryOrCreate}}]"
                let main = "volumeMounts: [{name: host, mountPath: /host}]"
                try await kubectl.apply(
                    pod("polite", "trap \"echo term >> /host/polite; exit 0\" TERM; while :; do sleep 0.1; done",
                        main: "\(main), lifecycle: {preStop: {exec: {command: [sh, -c, \"echo stop >> /host/polite\"]}}}", spec: "\(shared)")
                        + pod("stubborn", "trap \"echo term >> /host/stubborn\" TERM; while :; do sleep 0.1; done", main: main, spec: shared))
                try await kubectl.waitUntilReady("polite", "stubborn")
                try await kubectl("delete", "pod", "polite", "--timeout=30s")
                #expect(try String(contentsOfFile: "\(node.root)/graceful/polite", encoding: .utf8) == "stop\nterm\n")
                let clock = ContinuousClock()
                let time = try await clock.measure { try await kubectl("delete", "pod", "stubborn", "--grace-period=2", "--timeout=30s") }
                #expect(try String(contentsOfFile: "\(node.root)/graceful/stubborn", encoding: .utf8) == "term\n")
                #expect(time >= .seconds(1.9))
            }
        }

        @Test("init containers run one after the other before containers, which share volumes and localhost")
        func together() async throws {
            try await node.inNamespace("together") { kubectl in
                func container(_ name: String, _ script: String) -> String {
                    "  - {name: \(name), image: \"\(StandaloneNode.busybox)\", command: [sh, -c, '\(script)'], volumeMounts: [{name: shared, mountPath: /shared}]}"
                }
                try await kubectl.apply(
                    """
                    apiVersion: v1
                    kind: Pod
                    metadata: {name: pair}
                    spec:
                      terminationGracePeriodSeconds: 0
                      volumes: [{name: shared, emptyDir: {}}]
                      initContainers:
                    \(container("first", "sleep 1; echo one > /shared/page"))
                    \(container("second", "echo two >> /shared/page"))
                      containers:
                    \(container("server", "httpd -f -p 127.0.0.1:8080 -h /shared"))
                    \(container("client", "sleep 1000"))
                    """)
                try await kubectl.waitUntilReady("pair")
                #expect(try await kubectl.shell("pair", "wget -qO- http://localhost:8080/page", container: "client") == "one\ntwo\n")
                #expect(try await kubectl.shell("pair", "hostname; pidof httpd || echo alone", container: "client") == "pair\nalone\n")
                #expect(try await kubectl.value("pod/pair", "{.status.initContainerStatuses[*].state.terminated.reason}") == "Completed Completed")
            }
        }

        @Test("a security context sets user, groups, file access and privileges")
        func security() async throws {
            try await node.inNamespace("security") { kubectl in
                try await kubectl.apply(
                    pod(
                        "confined", "sleep 1000",
                        main: "securityContext: {runAsUser: 1234, readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}, "
                            + "volumeMounts: [{name: data, mountPath: /data}]",
                        spec: "  securityContext: {fsGroup: 777, seccompProfile: {type: RuntimeDefault}}\n  volumes: [{name: data, emptyDir: {}}]")
                        + pod("rootless", "sleep 1000", main: "securityContext: {runAsNonRoot: true}"))
                try await kubectl.waitUntilReady("confined")
                #expect(try await kubectl.shell("confined", "id -u; grep Groups /proc/self/status") .contains(#/^1234\nGroups:\s0 777\s/#))
                #expect(try await kubectl.value("pod/confined", "{.status.containerStatuses[0].user}") == #"{"linux":{"gid":0,"supplementalGroups":[0,777],"uid":1234}}"#)
                #expect(try await kubectl.shell("confined", "touch /file 2>&1", expecting: 1).contains("Read-only file system"))
                #expect(try await kubectl.shell("confined", "touch /data/file; stat -c %g /data/file") == "777\n")
                let status = try await kubectl.shell("confined", "grep -E 'CapEff|NoNewPrivs|Seccomp:' /proc/self/status")
                for line in [#/CapEff:\s+0{16}/#, #/NoNewPrivs:\s+1/#, #/Seccomp:\s+2/#] { #expect(status.contains(line)) }
                try await kubectl.wait("pod/rootless", until: "{.status.containerStatuses[0].state.waiting.reason}", is: "CreateContainerConfigError")
                #expect(try await kubectl.value("pod/rootless", "{.status.containerStatuses[0].state.waiting.message}").contains("runAsNonRoot"))
            }
        }
    }
}
