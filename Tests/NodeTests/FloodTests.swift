import Foundation
import KubeAPI
import LinuxSystem
import Testing

extension NodeTests {
    /// A container that writes to its log as fast as it can.
    @Suite("Flood")
    struct FloodTests {
        let node: StandaloneNode

        init() throws { node = try #require(StandaloneNode.current) }

        private func container(_ name: String, _ script: String, more: String = "") -> String {
            "  - {name: \(name), image: \"\(StandaloneNode.busybox)\", command: [sh, -c, '\(script)']\(more)}"
        }

        private func pod(_ name: String, _ containers: String) -> String {
            """
            apiVersion: v1
            kind: Pod
            metadata: {name: \(name)}
            spec:
              terminationGracePeriodSeconds: 0
              containers:
            \(containers)
            ---

            """
        }

        /// A probe that would have the container started again after one failure.
        private let watched = ", livenessProbe: {exec: {command: [\"true\"]}, periodSeconds: 1, timeoutSeconds: 10, failureThreshold: 1}"

        @Test("it slows only itself: its neighbours are logged, probed and entered, and neither berth-pod nor berthd keeps what nobody reads")
        func flood() async throws {
            try await node.inNamespace("flood") { kubectl in
                let line = String(repeating: "flood ", count: 16)
                try await kubectl.apply(
                    pod("flood", container("flood", "exec yes \(line)") + "\n" + container("calm", "sleep 1000", more: watched))
                        + pod("beside", container("calm", "sleep 1000", more: watched)))
                try await kubectl.waitUntilReady("flood", "beside")
                let uid = try await kubectl.value("pod/flood", "{.metadata.uid}")
                let supervisor = try #require(node.supervisors()[uid])
                let daemon = try #require(await node.processID)
                let before = try memory(of: daemon)
                let log = "\(node.root)/var/log/pods/flood_flood_\(uid)/flood"

                // One who follows and does not read: what is written meanwhile is not kept for it anywhere.
                let command = ([kubectl.program] + kubectl.options + ["logs", "-f", "flood", "-c", "flood"]).map { "'\($0)'" }.joined(separator: " ")
                async let stalled = Program.run("/bin/sh", ["-c", "\(command) | sleep 15"], environment: ["HOME": node.root])
                try await eventually("its log has been rotated through", within: 120) { access("\(log)/0.log.4", F_OK) == 0 }

                for number in 0..<5 {
                    for (pod, container) in [("flood", "calm"), ("beside", "calm")] {
                        try await kubectl.shell(pod, "echo line \(number) > /proc/1/fd/1", container: container)
                        try await eventually("the line is in the log") { try await kubectl("logs", pod, "-c", container, "--tail=1") == "line \(number)\n" }
                    }
                    #expect(try memory(of: supervisor) < 4 << 20)
                    #expect(try memory(of: daemon) < before + 64 << 20)
                }
                _ = try await stalled
                #expect(try memory(of: daemon) < before + 64 << 20)

                // One who attaches and does not read: the container waits for it, and nobody else does.
                let attach = command.replacing("'logs' '-f'", with: "'attach'")
                async let attached = Program.run("/bin/sh", ["-c", "\(attach) | sleep 15"], environment: ["HOME": node.root], expecting: nil)
                try await eventually("the container waits") {
                    let first = try FileStatus(of: "\(log)/0.log").size
                    try await Task.sleep(for: .seconds(2))  // in which a flood writes
                    return try FileStatus(of: "\(log)/0.log").size == first
                }
                try await kubectl.shell("flood", "echo meanwhile > /proc/1/fd/1", container: "calm")
                try await eventually("the line is in the log") { try await kubectl("logs", "flood", "-c", "calm", "--tail=1") == "meanwhile\n" }
                for _ in 0..<4 {
                    #expect(try memory(of: supervisor) < 4 << 20)
                    try await Task.sleep(for: .seconds(1))  // in which a flood would have been kept
                }
                _ = try await attached
                let stopped = try FileStatus(of: "\(log)/0.log").size
                try await eventually("it goes on") { try FileStatus(of: "\(log)/0.log").size != stopped }

                for pod in ["flood", "beside"] {
                    #expect(try await kubectl.value("pod/\(pod)", "{.status.containerStatuses[*].restartCount}").allSatisfy { "0 ".contains($0) })
                    #expect(try await kubectl.value("pod/\(pod)", #"{.status.conditions[?(@.type=="Ready")].status}"#) == "True")
                }
                // Between two rotations.
                try await eventually("its log is five files, none larger than it may be") {
                    let sizes = try (0..<5).map { try FileStatus(of: "\(log)/0.log\($0 == 0 ? "" : ".\($0)")").size }
                    return try DirectoryEntry.list(log).count == 5 && sizes.allSatisfy { $0 <= 10 << 20 }
                }
            }
        }

        /// Resident bytes.
        private func memory(of pid: pid_t) throws -> Int {
            let line = try SmallFile.text("/proc/\(pid)/status").split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
            return try #require(line.flatMap { Int($0.split(separator: " ").dropFirst().first ?? "") }) << 10
        }
    }
}
