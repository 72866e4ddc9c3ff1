import Foundation
import Glibc
import KubeAPI
import Testing

extension NodeTests {
    /// What a plugin of the network that does not do its work leaves to be done.
    @Suite("Network plugins")
    struct NetworkTests {
        let node: StandaloneNode

        init() throws { node = try #require(StandaloneNode.current) }

        private var port: Int { 21_000 + Int(getpid()) % 1000 }
        private var plugins: String { "\(node.root)/plugins" }

        private func pod(_ name: String) -> String {
            """
            apiVersion: v1
            kind: Pod
            metadata: {name: \(name)}
            spec:
              terminationGracePeriodSeconds: 1
              containers:
              - {name: main, image: "\(StandaloneNode.busybox)", command: [sleep, "1000"], ports: [{containerPort: 80, hostPort: \(port)}]}
            """
        }

        /// `portmap`, but where a file says so it fails, an ADD only after it has done everything.
        private func makePlugin() throws {
            let script = """
                #!/bin/sh
                if [ -e \(plugins)/no-$CNI_COMMAND ]; then
                    if [ $CNI_COMMAND = ADD ]; then /usr/lib/cni/portmap > /dev/null; fi
                    echo '{"cniVersion": "1.0.0", "code": 100, "msg": "not today"}'
                    exit 1
                fi
                exec /usr/lib/cni/portmap
                """
            try FileManager.default.createDirectory(atPath: plugins, withIntermediateDirectories: true)
            try Data(script.utf8).write(to: URL(fileURLWithPath: "\(plugins)/portmap"))
            chmod("\(plugins)/portmap", 0o755)
        }

        private func refuse(_ command: String) throws { try Data().write(to: URL(fileURLWithPath: "\(plugins)/no-\(command)")) }
        private func allow(_ command: String) throws { try FileManager.default.removeItem(atPath: "\(plugins)/no-\(command)") }

        private func isForwarded() async throws -> Bool {
            try await Program.run("/usr/sbin/iptables-save", ["-t", "nat"]).contains("--dport \(port)")
        }

        @Test("rules of a host port go, however often the plugin has to be asked, also by the daemon's next life; until then the pod stays")
        func hostPort() async throws {
            try makePlugin()
            let flags = ["--cni-bin-dir", "\(plugins),/usr/lib/cni"]
            try await node.with(flags) {
                try await node.inNamespace("plugins") { kubectl in
                    func isGone(_ name: String) async throws -> Bool { try await kubectl("get", "pod", name, "--ignore-not-found", "-o", "name").isEmpty }
                    func isStuck(_ name: String, _ reason: String) async throws -> Bool {
                        let events = try await kubectl("get", "events", "--field-selector", "involvedObject.name=\(name),reason=\(reason)", "-o", "jsonpath={.items[*].message}")
                        return events.contains("not today")
                    }
                    // Half made, and nothing that tells of it but the attempt.
                    try refuse("ADD")
                    try refuse("DEL")
                    try await kubectl.apply(pod("half"))
                    try await eventually("the failed ADD is told") { try await isStuck("half", "FailedCreatePodSandBox") }
                    #expect(try await isForwarded())
                    try await kubectl("delete", "pod", "half", "--wait=false")
                    try await eventually("the failed DEL is told") { try await isStuck("half", "FailedKillPod") }
                    #expect(try await !isGone("half"))
                    try allow("DEL")
                    try await eventually("the pod goes") { try await isGone("half") }
                    #expect(try await !isForwarded())

                    // Made and written down; the daemon dies with the work undone.
                    try allow("ADD")
                    try await kubectl.apply(pod("whole"))
                    try await kubectl.waitUntilReady("whole")
                    try refuse("DEL")
                    try await kubectl("delete", "pod", "whole", "--wait=false")
                    try await eventually("the failed DEL is told") { try await isStuck("whole", "FailedKillPod") }
                    try await node.kill()
                    try await node.start(with: flags)
                    #expect(try await !isGone("whole"))
                    #expect(try await isForwarded())
                    try allow("DEL")
                    try await eventually("the pod goes") { try await isGone("whole") }
                    #expect(try await !isForwarded())
                }
            }
        }
    }
}
