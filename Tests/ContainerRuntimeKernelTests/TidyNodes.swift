import Synchronization
import Testing

/// Ends the pods of a test that failed before it did so itself: they would outlive the tests.
struct TidyNodes: SuiteTrait, TestTrait, TestScoping {
    /// Those the test has made so far.
    @TaskLocal static var made: Nodes?

    var isRecursive: Bool { true }

    func provideScope(for test: Test, testCase: Test.Case?, performing function: () async throws -> Void) async throws {
        let nodes = Nodes()
        let result: Result<Void, any Error>
        do {
            result = .success(try await Self.$made.withValue(nodes, operation: function))
        } catch {
            result = .failure(error)
        }
        for node in nodes.withLock({ $0 }) { try await node.clear() }
        try result.get()
    }

    final class Nodes: Sendable {
        private let nodes = Mutex<[TestNode]>([])

        func withLock<R>(_ body: (inout sending [TestNode]) -> sending R) -> R { nodes.withLock(body) }
    }
}

extension Trait where Self == TidyNodes {
    static var tidy: Self { Self() }
}
