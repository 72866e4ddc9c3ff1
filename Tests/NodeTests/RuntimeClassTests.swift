import Foundation
import Glibc
import KubeAPI
import LinuxSystem
import Testing

extension NodeTests {
    /// Pods whose RuntimeClass names an OCI runtime of this machine.
    @Suite("RuntimeClasses", .enabled(if: ["/usr/bin/crun", "/usr/sbin/runc"].allSatisfy { (path: String) in access(path, X_OK) == 0 }, "needs crun and runc"))
    struct RuntimeClassTests {
        let node: StandaloneNode

        init() throws { node = try #require(StandaloneNode.current) }

        private func runtimeClass(_ handler: String) -> String {
            """
            apiVersion: node.k8s.io/v1
            kind: RuntimeClass
            metadata: {name: by-\(handler)}
            handler: \(handler)
            ---

            """
        }

        private func pod(_ handler: String, _ name: String, _ script: String, main: String = "", spec: String = "") -> String {
            """
            apiVersion: v1
            kind: Pod
            metadata: {name: \(name)}
            spec:
              runtimeClassName: by-\(handler)
              terminationGracePeriodSeconds: 20
              containers:
              - {name: main, image: "\(StandaloneNode.busybox)", command: [sh, -c, '\(script)']\(main.isEmpty ? "" : ", \(main)")}
            \(spec)
            ---

            """
        }

        @Test("crun and runc run pods: logs, probes, commands, hooks, limits, a new daemon, and an end that leaves nothing", arguments: ["crun", "runc"])
        func life(handler: String) async throws {
            try await node.inNamespace("by-\(handler)") { kubectl in
                #expect(try await kubectl.value("node/\(node.name)", "{.status.runtimeHandlers[*].name}").split(separator: " ").contains(Substring(handler)))
                try await kubectl.apply(
                    runtimeClass(handler)
                        + pod(
                            handler, "long", "echo started; trap \"echo ended; exit 0\" TERM; touch /tmp/ready; while :; do sleep 0.1; done",
                            main: """
                                readinessProbe: {exec: {command: [test, -e, /tmp/ready]}, periodSeconds: 1}, resources: {limits: {memory: 64Mi, cpu: 500m}}, \
                                lifecycle: {preStop: {exec: {command: [sh, -c, "echo hook > /proc/1/fd/1"]}}}, volumeMounts: [{name: v, mountPath: /v, subPath: a}]
                                """,
                            spec: "  volumes: [{name: v, emptyDir: {}}]\n  hostname: moored\n  securityContext: {runAsUser: 33, fsGroup: 44}")
                        + pod(handler, "ends", "echo last > /dev/termination-log; exit 3", spec: "  restartPolicy: Never")
                        + pod(handler, "absent", "true", spec: "  restartPolicy: Never").replacing("[sh, -c, 'true']", with: "[/no/program]")
                        + pod(handler, "hungry", "a=x; while :; do a=$a$a; done", main: "resources: {limits: {memory: 32Mi}}", spec: "  restartPolicy: Never")
                        + pod(handler, "mapped", "true", spec: "  hostUsers: false"))
                try await kubectl.waitUntilReady("long")
                #expect(try await kubectl.shell("long", "hostname; id -u; touch /v/x && echo written") == "moored\n33\nwritten\n")
                try await kubectl.shell("long", "exit 7", expecting: 7)
                try await eventually("the log is there") { try await kubectl("logs", "long") == "started\n" }
                let end = "{.status.containerStatuses[0].state.terminated"
                try await kubectl.wait("pod/ends", until: "{.status.phase}", is: "Failed")
                #expect(try await kubectl.value("pod/ends", "\(end).exitCode} \(end).message}") == "3 last\n")
                try await kubectl.wait("pod/absent", until: "\(end).reason}", is: "StartError")
                #expect(try await kubectl.value("pod/absent", "\(end).message}").contains("\(handler) create: "))
                try await kubectl.wait("pod/hungry", until: "\(end).reason}", is: "OOMKilled")
                try await eventually("user namespaces are refused by name") {
                    try await kubectl("get", "events", "--field-selector", "involvedObject.name=mapped")
                        .contains(#"RuntimeClass handler "\#(handler)" does not support user namespaces"#)
                }

                let uid = try await kubectl.value("pod/long", "{.metadata.uid}")
                try await node.kill()
                // Without the daemon no probe is asked: commands of the runtime come and go beside the container.
                try await eventually("only the container runs") { node.containers(ofPod: uid).count == 1 }
                let processes = node.containers(ofPod: uid)
                try await node.start()
                #expect(try await kubectl.shell("long", "echo again") == "again\n")
                #expect(node.containers(ofPod: uid).isSuperset(of: processes))
                #expect(try await kubectl.value("pod/long", "{.status.containerStatuses[0].restartCount}") == "0")

                let log = Task { try await kubectl("logs", "-f", "long") }
                try await kubectl("delete", "pod", "long", "ends", "absent", "hungry", "mapped")
                let text = try await log.value
                #expect(text.contains("hook\n") && text.hasSuffix("ended\n"), "\(text)")
                #expect(node.supervisors()[uid] == nil && node.containers(ofPod: uid).isEmpty)
                #expect(try node.podCgroups.filter { $0.contains(uid) } == [] && access("\(node.root)/run/berth/pods/\(uid)", F_OK) != 0)
                try await kubectl("delete", "runtimeclass", "by-\(handler)")
            }
        }

        @Test("a runtime that is named by a flag serves its handler, and one that is not there keeps the daemon from starting")
        func named() async throws {
            try await node.stop()
            let message = try await Program.run(
                "\(StandaloneNode.products)/berthd", node.arguments + ["--oci-runtime", "moon=/no/such/runtime"], expecting: nil)
            #expect(message.contains("--oci-runtime 'moon=/no/such/runtime': there is no such program"), "\(message)")
            try await node.start(with: ["--oci-runtime", "moon=/usr/bin/crun"])
            try await node.inNamespace("moons") { kubectl in
                try await kubectl.apply(runtimeClass("moon") + pod("moon", "lander", "sleep 1000", spec: "  shareProcessNamespace: true"))
                try await kubectl.waitUntilReady("lander")
                #expect(try await kubectl.shell("lander", "ps | grep -c \"[s]leep 1000\"") == "1\n")
                // Without the runtime its pods go on, and can be ended.
                try await node.stop()
                try await node.start()
                #expect(try await kubectl.shell("lander", "echo still") == "still\n")
                try await kubectl("delete", "pod", "lander", "--grace-period=1")
                try await kubectl("delete", "runtimeclass", "by-moon")
            }
        }

        @Test("a runtime whose commands do not end is given up, and the pod says so and can be deleted")
        func stuck() async throws {
            let path = "\(node.root)/stuck"
            try ControlFile.write("#!/bin/sh\nexec sleep 86399\n".utf8, to: path, flags: O_CREAT, mode: 0o755)
            try await node.stop()
            try await node.start(with: ["--oci-runtime", "stuck=\(path)", "--oci-runtime-timeout", "1s"])
            try await node.inNamespace("stuck") { kubectl in
                try await kubectl.apply(runtimeClass("stuck") + pod("stuck", "waits", "true", spec: "  restartPolicy: Never"))
                try await kubectl.wait("pod/waits", until: "{.status.containerStatuses[0].state.terminated.reason}", is: "StartError")
                #expect(try await kubectl.value("pod/waits", "{.status.containerStatuses[0].state.terminated.message}").contains("stuck create: no end within 1 s"))
                try await eventually("an event tells") { try await kubectl("describe", "pod", "waits").contains("stuck create: no end within 1 s") }
                let uid = try await kubectl.value("pod/waits", "{.metadata.uid}")
                try await kubectl("delete", "pod", "waits")
                #expect(try node.podCgroups.filter { $0.contains(uid) } == [] && access("\(node.root)/run/berth/pods/\(uid)", F_OK) != 0)
                try await kubectl("delete", "runtimeclass", "by-stuck")
            }
            try await node.stop()
            try await node.start()
        }
    }
}
