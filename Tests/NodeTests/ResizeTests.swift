import Glibc
import KubeAPI
import LinuxSystem
import Testing

extension NodeTests {
    /// `kubectl patch --subresource resize`.
    @Suite("Resize")
    struct ResizeTests {
        let node: StandaloneNode

        init() throws { node = try #require(StandaloneNode.current) }

        private func pod(_ name: String, resources: String, more: String = "") -> String {
            """
            apiVersion: v1
            kind: Pod
            metadata: {name: \(name)}
            spec:
              terminationGracePeriodSeconds: 0
              containers:
              - {name: main, image: "\(StandaloneNode.busybox)", command: [sleep, "1000"], resources: \(resources)\(more)}
            ---

            """
        }

        private static let state = "{.status.containerStatuses[0]"

        private func resize(_ pod: String, _ resources: String, _ kubectl: Kubectl, expecting code: CInt? = 0) async throws -> String {
            try await kubectl(
                "patch", "pod", pod, "--subresource", "resize", "-p", #"{"spec":{"containers":[{"name":"main","resources":\#(resources)}]}}"#,
                expecting: code)
        }

        private func resized(_ pod: String, _ path: String, is value: String, _ kubectl: Kubectl) async throws {
            try await kubectl.wait("pod/\(pod)", until: "\(Self.state).resources.\(path)}", is: value)
            try await eventually("no condition speaks of a resize any more") {
                try await !kubectl.value("pod/\(pod)", "{.status.conditions[*].type}").contains("PodResize")
            }
        }

        @Test("a container gets more and less while it runs, and keeps it when the daemon dies")
        func inPlace() async throws {
            try await node.inNamespace("resize") { kubectl in
                try await kubectl.apply(pod("elastic", resources: "{requests: {cpu: 100m, memory: 32Mi}, limits: {cpu: 200m, memory: 64Mi}}"))
                try await kubectl.waitUntilReady("elastic")
                let id = try await kubectl.value("pod/elastic", "\(Self.state).containerID}")
                let cgroup = try await node.cgroupDirectory(of: "elastic", kubectl, controller: "memory")

                _ = try await resize("elastic", #"{"requests":{"memory":"64Mi"},"limits":{"cpu":"400m","memory":"128Mi"}}"#, kubectl)
                try await resized("elastic", "limits.memory", is: "128Mi", kubectl)
                let (own, pods) = try (node.memoryLimit(cgroup), node.memoryLimit(cgroup.parentPath))
                #expect(own == 128 << 20 && pods == 128 << 20)
                #expect(try await kubectl.value("pod/elastic", "\(Self.state).allocatedResources.memory}") == "64Mi")
                try await eventually("the resize is told of") { try await kubectl("get", "events").contains("ResizeCompleted") }

                try await node.kill()
                try await node.start()
                _ = try await resize("elastic", #"{"requests":{"memory":"16Mi"},"limits":{"memory":"48Mi"}}"#, kubectl)
                try await resized("elastic", "limits.memory", is: "48Mi", kubectl)
                #expect(try node.memoryLimit(cgroup) == 48 << 20)
                #expect(try await kubectl.value("pod/elastic", "\(Self.state).restartCount} \(Self.state).containerID}") == "0 \(id)")
                #expect(try await kubectl.value("pod/elastic", "{.metadata.generation} {.status.observedGeneration}") == "3 3")
            }
        }

        @Test("a policy that wants it restarts the container, once")
        func restart() async throws {
            try await node.inNamespace("restart") { kubectl in
                let policy = ", resizePolicy: [{resourceName: memory, restartPolicy: RestartContainer}]"
                try await kubectl.apply(pod("stiff", resources: "{limits: {cpu: 100m, memory: 64Mi}}", more: policy))
                try await kubectl.waitUntilReady("stiff")
                let guaranteed = #"{"requests":{"cpu":"100m","memory":"96Mi"},"limits":{"cpu":"100m","memory":"96Mi"}}"#
                _ = try await resize("stiff", guaranteed, kubectl)
                try await resized("stiff", "limits.memory", is: "96Mi", kubectl)
                try await kubectl.waitUntilReady("stiff")
                let cgroup = try await node.cgroupDirectory(of: "stiff", kubectl, controller: "memory")
                let (own, pods) = try (node.memoryLimit(cgroup), node.memoryLimit(cgroup.parentPath))
                #expect(own == 96 << 20 && pods == 96 << 20)
                let cpu = #"{"requests":{"cpu":"150m"},"limits":{"cpu":"150m"}}"#
                _ = try await resize("stiff", cpu, kubectl)
                try await resized("stiff", "limits.cpu", is: "150m", kubectl)
                #expect(try await kubectl.value("pod/stiff", "\(Self.state).restartCount}") == "1")
            }
        }

        @Test("what there is no room for waits, what there never will be is infeasible, and what makes no sense is refused")
        func pending() async throws {
            try await node.inNamespace("pending") { kubectl in
                let milli = try await kubectl.object("node/\(node.name)").at("status", "allocatable", "cpu")?.string.flatMap(Quantity.init)?.milliValue ?? 0
                // Everything but a quarter is somebody's.
                try await kubectl.apply(
                    pod("big", resources: "{requests: {cpu: \(milli / 2)m}}") + pod("grows", resources: "{requests: {cpu: \(milli / 4)m}}"))
                try await kubectl.waitUntilReady("big", "grows")
                let condition = #"{.status.conditions[?(@.type=="PodResizePending")].reason}"#
                _ = try await resize("grows", #"{"requests":{"cpu":"\#(milli * 3 / 4)m"}}"#, kubectl)
                try await eventually("it is deferred") { try await kubectl.value("pod/grows", condition) == "Deferred" }
                #expect(try await kubectl.value("pod/grows", "\(Self.state).resources.requests.cpu}") == "\(milli / 4)m")
                _ = try await resize("grows", #"{"requests":{"cpu":"\#(milli * 2)m"}}"#, kubectl)
                try await eventually("it is infeasible") { try await kubectl.value("pod/grows", condition) == "Infeasible" }
                _ = try await resize("grows", #"{"requests":{"cpu":"\#(milli * 3 / 4)m"}}"#, kubectl)
                try await eventually("it is deferred again") { try await kubectl.value("pod/grows", condition) == "Deferred" }
                try await kubectl("delete", "pod", "big")
                try await resized("grows", "requests.cpu", is: "\(milli * 3 / 4)m", kubectl)

                #expect(try await resize("grows", #"{"limits":{"memory":"1Gi"},"requests":{"cpu":null}}"#, kubectl, expecting: 1).contains("cannot be removed"))
                #expect(try await resize("grows", #"{"requests":{"ephemeral-storage":"1Gi"}}"#, kubectl, expecting: 1).contains("only cpu and memory resources are mutable"))
                #expect(try await resize("grows", #"{"requests":{"memory":"2Gi"},"limits":{"memory":"1Gi"}}"#, kubectl, expecting: 1).contains("must be less than or equal to memory limit"))
            }
        }
    }
}

extension StandaloneNode {
    /// Where the first container of a pod has its files of a cgroup v1 controller, or on v2 all of them.
    nonisolated func cgroupDirectory(of pod: String, _ kubectl: Kubectl, controller: String) async throws -> String {
        let uid = try await kubectl.value("pod/\(pod)", "{.metadata.uid}")
        let id = try await kubectl.value("pod/\(pod)", "{.status.containerStatuses[0].containerID}").split(separator: "/").last ?? ""
        let found = try await Program.run("/usr/bin/find", ["/sys/fs/cgroup", "-type", "d", "-path", "*/\(cgroup)/*pod\(uid)/\(id)"])
        let all = found.split(separator: "\n").map(String.init)
        return try #require(all.first { $0.hasPrefix("/sys/fs/cgroup/\(controller)") } ?? all.first)
    }

    /// Bytes.
    nonisolated func memoryLimit(_ directory: String) throws -> Int? {
        let legacy = "\(directory)/memory.limit_in_bytes"
        let text = try SmallFile.text(access(legacy, F_OK) == 0 ? legacy : "\(directory)/memory.max")
        return Int(text.split(separator: "\n").first ?? "")
    }
}

extension String {
    var parentPath: String { split(separator: "/").dropLast().map { "/\($0)" }.joined() }
}
