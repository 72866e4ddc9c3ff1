import Foundation
import KubeAPI
import Testing

extension NodeTests {
    /// The machine goes down, says logind.
    @Suite("Shutdown")
    struct ShutdownTests {
        let node: StandaloneNode

        init() throws { node = try #require(StandaloneNode.current) }

        @Test("pods end in order, critical ones last, with all their time, and only then the machine goes down; if it does not, they start again")
        func order() async throws {
            try await node.inNamespace("kube-system-tests") { kubectl in
                func pod(_ name: String, priority: String = "", lasts: Int = 1) -> String {
                    """
                    apiVersion: v1
                    kind: Pod
                    metadata: {name: \(name)}
                    spec:
                      \(priority)
                      terminationGracePeriodSeconds: 30
                      volumes: [{name: host, hostPath: {path: \(node.root)/shutdown, type: DirectoryOrCreate}}]
                      containers:
                      - name: main
                        image: "\(StandaloneNode.busybox)"
                        command: [sh, -c, "trap 'sleep \(lasts); echo \(name) >> /host/ends; exit 0' TERM; while :; do sleep 0.1; done"]
                        volumeMounts: [{name: host, mountPath: /host}]
                    ---

                    """
                }
                try await kubectl.apply(pod("critical", priority: "priorityClassName: system-node-critical") + pod("regular", lasts: 7))
                try await kubectl.waitUntilReady("critical", "regular")
                let bus = "\(node.root)/bus"
                try await node.stop()
                async let serving = FakeLogind.serving(at: bus, configuredBy: "\(node.root)/etc/systemd/logind.conf.d/99-berth.conf")
                try await node.start(with: ["--system-bus", bus])
                let logind = try await serving
                #expect(!logind.isReleased)

                logind.announce(true)
                try await kubectl("wait", "node/\(node.name)", "--for=condition=Ready=False", "--timeout=30s")
                // Longer than the five seconds that logind waits for unless told otherwise.
                try await eventually("the machine may go down", within: 40) { logind.isReleased }
                #expect(try String(contentsOfFile: "\(node.root)/shutdown/ends", encoding: .utf8) == "regular\ncritical\n")
                #expect(try await kubectl.value("pods", "{.items[*].status.phase}") == "Running Running")
                try await kubectl.apply(pod("late", priority: "nodeName: \(node.name)"))
                try await kubectl.wait("pod/late", until: "{.status.reason}", is: "NodeShutdown")

                logind.announce(false)
                for name in ["critical", "regular"] {
                    try await kubectl.wait("pod/\(name)", until: "{.status.containerStatuses[0].restartCount}", is: "1")
                    try await kubectl.waitUntilReady(name)
                }
                try await kubectl("wait", "node/\(node.name)", "--for=condition=Ready", "--timeout=30s")
                try await node.stop()
                try await node.start()
            }
        }
    }
}
