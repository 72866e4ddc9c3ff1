import Foundation
import KubeAPI
import Testing

extension NodeTests {
    /// What the node has to give, and to whom.
    @Suite("Room")
    struct RoomTests {
        let node: StandaloneNode

        init() throws { node = try #require(StandaloneNode.current) }

        private func pod(_ name: String, requests: String, grace: Int = 0, more: String = "") -> String {
            """
            apiVersion: v1
            kind: Pod
            metadata: {name: \(name)}
            spec:
              terminationGracePeriodSeconds: \(grace)
              nodeName: \(node.name)
              containers: [{name: main, image: "\(StandaloneNode.busybox)", command: [sleep, "1000"], resources: {requests: {\(requests)}}}]
            \(more)
            ---

            """
        }

        private func amount(_ part: String, _ name: String) async throws -> Quantity {
            try #require(Quantity(try await node.kubectl.value("node/\(node.name)", "{.status.\(part).\(name)}")))
        }

        @Test("what is reserved, and what hard thresholds keep free, is not for pods")
        func reserved() async throws {
            let flags = [
                "--kube-reserved", "cpu=100m,memory=64Mi,ephemeral-storage=1Gi", "--system-reserved", "cpu=150m,memory=64Mi",
                "--eviction-hard", "memory.available<32Mi,nodefs.available<1Gi", "--eviction-soft", "memory.available<64Mi",
                "--eviction-soft-grace-period", "memory.available=1m",
            ]
            try await node.with(flags) {
                try await node.inNamespace("room") { kubectl in
                    try await eventually("the node says what it has to give") {
                        let (all, left) = (try await amount("capacity", "cpu"), try await amount("allocatable", "cpu"))
                        return left.milliValue == all.milliValue - 250
                    }
                    let memory = try await amount("allocatable", "memory").value
                    #expect(memory == (try await amount("capacity", "memory").value) - 160 << 20)
                    #expect(try await amount("allocatable", "ephemeral-storage").value == (try await amount("capacity", "ephemeral-storage").value) - 2 << 30)
                    try await kubectl.apply(pod("much", requests: "memory: \(memory + 1)"))
                    try await kubectl.wait("pod/much", until: "{.status.reason}", is: "OutOfmemory")
                }
            }
        }

        @Test("a critical pod takes the place of others, of no more than it must, and says so")
        func preemption() async throws {
            try await node.inNamespace("kube-system-room") { kubectl in
                let cpu = try await amount("allocatable", "cpu").milliValue
                let third = cpu * 3 / 10
                try await kubectl.apply(
                    pod("idle", requests: "") + pod("small", requests: "cpu: \(cpu / 10)m") + pod("large", requests: "cpu: \(third * 2)m", grace: 3))
                try await kubectl.waitUntilReady("idle", "small", "large")
                try await kubectl.apply(pod("other", requests: "cpu: \(cpu / 2)m", more: "  priority: 0"))
                try await kubectl.wait("pod/other", until: "{.status.reason}", is: "OutOfcpu")
                try await kubectl.apply(pod("critical", requests: "cpu: \(cpu / 2)m", more: "  priorityClassName: system-node-critical"))
                try await kubectl.waitUntilReady("critical")
                try await kubectl.wait("pod/large", until: "{.status.phase}", is: "Failed")
                #expect(try await kubectl.value("pod/large", "{.status.reason}: {.status.message}") == "Preempting: Preempted in order to admit critical pod")
                #expect(try await kubectl.value("pod/large", #"{.status.conditions[?(@.type=="DisruptionTarget")].reason}"#) == "TerminationByKubelet")
                // It had the room to itself when it started, though the other took all its time. Both times are of RFC 3339, which sorts.
                let end = try await kubectl.value("pod/large", "{.status.containerStatuses[0].state.terminated.finishedAt}")
                #expect(try await kubectl.value("pod/critical", "{.status.containerStatuses[0].state.running.startedAt}") >= end)
                #expect(try await kubectl.value("pods", "{.items[?(@.status.phase=='Running')].metadata.name}") == "critical idle small")
            }
        }
    }
}
