import LinuxSystem
import Testing

/// kubectl, berthctl and a whole node: what a user does, and what happens to the user.
///
/// One node serves all tests, one after the other; each brings the objects it needs.
@Suite("Node", .enabled(if: StandaloneNode.isPossible, "needs root, kubectl, CNI plugins and loop devices"), .serialized, OneNode())
struct NodeTests {}

/// Starts a node before the first test of a suite. After the last one, whatever became of them, the pods are deleted,
/// what the node then leaves behind is an issue, and everything is taken away.
struct OneNode: SuiteTrait, TestScoping {
    func provideScope(for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void) async throws {
        let node = try StandaloneNode()
        do {
            try await node.start()
            try await node.importImages()
            try await StandaloneNode.$current.withValue(node) { try await function() }
            try await expectNothingIsLeft(by: node)
        } catch {
            Issue.record(error)
        }
        try await node.remove()
        #expect(try await node.traces() == [])
    }

    private func expectNothingIsLeft(by node: StandaloneNode) async throws {
        let kubectl = node.kubectl
        try await kubectl("delete", "statefulsets,daemonsets,pods", "--all", "--all-namespaces", "--wait=false")
        try await eventually("no pod is left", within: 60) {
            let pods = try await kubectl("get", "pods", "--all-namespaces", "-o", "yaml")
            guard pods.contains("items: []") else { throw Program.Failed(description: "\(pods)\n\(try SmallFile.text(node.log).suffix(8000))") }
            return true
        }
        try await kubectl("delete", "persistentvolumeclaims", "--all", "--all-namespaces")
        try await eventually("supervisors end with their pods") { node.supervisors().isEmpty }
        try await eventually("volumes are unmounted") { try node.mounts.isEmpty && node.loopDevices.isEmpty }
        #expect(try node.podCgroups == [])
        #expect(try await node.berthctl("doctor", "--cgroup-root", node.cgroup).contains("healthy"))
    }
}
