import Foundation
import LinuxSystem
import Testing

extension NodeTests {
    @Suite("Probes")
    struct ProbeTests {
        let node: StandaloneNode

        init() throws { node = try #require(StandaloneNode.current) }

        @Test("a command that leaves a process behind passes; one that overruns is killed with its children")
        func commands() async throws {
            try await node.inNamespace("probes") { kubectl in
                func pod(_ name: String, command: String, period: Int) -> String {
                    """
                    apiVersion: v1
                    kind: Pod
                    metadata: {name: \(name)}
                    spec:
                      terminationGracePeriodSeconds: 0
                      containers:
                      - name: main
                        image: \(StandaloneNode.busybox)
                        command: [sleep, "1000"]
                        env: [{name: SECONDS_TO_SLEEP, value: "2001"}]
                        readinessProbe: {exec: {command: [sh, -c, "\(command)"]}, periodSeconds: \(period)}
                    ---

                    """
                }
                try await kubectl.apply(pod("leaver", command: "sleep $(SECONDS_TO_SLEEP) & echo ready", period: 3000) + pod("slow", command: "sleep 2002 & sleep 2003", period: 1))
                try await kubectl.waitUntilReady("leaver")
                #expect(try await kubectl.shell("leaver", "ps").contains("sleep 2001"))
                try await eventually("the command's time is up, three times", within: 40) {
                    try await kubectl("describe", "pod", "slow").contains(/\(x([3-9]|\d\d) over .*command timed out/)
                }
                // What is left behind stays for half an hour; what is there just now is the probe's that runs.
                try await eventually("no more than one command's processes are there") {
                    let all = try await kubectl.shell("slow", "ps")
                    return all.split(separator: "sleep 2002").count <= 2 && all.split(separator: "sleep 2003").count <= 2
                }
            }
        }

        @Test("a gRPC server of another make says whether it is ready", .enabled(if: healthServerLibrary != nil, "scripts/test installs the peer"))
        func grpc() async throws {
            let (server, input, output) = (Process(), Pipe(), Pipe())
            server.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            server.arguments = ["python3", "\(StandaloneNode.repository)/Tests/Peers/health_server.py"]
            server.environment = ProcessInfo.processInfo.environment.merging(["PYTHONPATH": healthServerLibrary ?? ""]) { $1 }
            (server.standardInput, server.standardOutput) = (input, output)
            try server.run()
            defer {
                // Its end of input is its end.
                try? input.fileHandleForWriting.close()
                server.waitUntilExit()
            }
            let handle = output.fileHandleForReading
            let line = try await onDedicatedThread { () throws(SystemCallError) in String(decoding: handle.availableData, as: UTF8.self) }
            let ports = line.split { $0.isWhitespace }
            let port = try #require(ports.first)
            func set(_ status: String) throws { try input.fileHandleForWriting.write(contentsOf: Data("shop \(status)\n".utf8)) }
            try set("SERVING")
            try await node.inNamespace("grpc") { kubectl in
                // In the network of the node, where the server is.
                try await kubectl.apply(
                    """
                    apiVersion: v1
                    kind: Pod
                    metadata: {name: client}
                    spec:
                      hostNetwork: true
                      terminationGracePeriodSeconds: 0
                      containers:
                      - name: main
                        image: \(StandaloneNode.busybox)
                        command: [sleep, "1000"]
                        readinessProbe: {grpc: {port: \(port), service: shop}, periodSeconds: 1, failureThreshold: 1, timeoutSeconds: 5}
                    """)
                try await kubectl.waitUntilReady("client")
                try set("NOT_SERVING")
                try await kubectl.wait("pod/client", until: #"{.status.conditions[?(@.type=="Ready")].status}"#, is: "False")
                try await eventually("the event says why") {
                    try await kubectl("describe", "pod", "client").contains(#"Readiness probe failed: service unhealthy (responded with "NOT_SERVING")"#)
                }
                try set("SERVING")
                try await kubectl.waitUntilReady("client")
            }
        }
    }
}

private let healthServerLibrary = ProcessInfo.processInfo.environment["BERTH_TEST_GRPC"]
