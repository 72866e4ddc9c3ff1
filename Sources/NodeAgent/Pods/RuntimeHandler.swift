import FoundationEssentials
import KubeAPI
import KubeClient
import Ledger
import PodPlanning
import SandboxPlan

/// What runs the pods of a RuntimeClass on this node: Berth, under the name `berth`, or an OCI runtime.
enum RuntimeHandler {
    static let builtIn = "berth"

    /// - Returns: nil for Berth.
    /// - Throws: `RuntimeClassError` for a class that does not exist, or whose handler this node has not; `KubeClientError`;
    ///   `LedgerError`.
    static func runtime(for pod: Pod, client: KubeClient, ledger: Ledger, facts: NodeFacts) async throws -> OCIRuntime? {
        guard let name = pod.spec.runtimeClassName, !name.isEmpty else { return nil }
        return try runtime(of: try await handler(of: name, for: pod.metadata.uid, client: client, ledger: ledger), name, facts)
    }

    /// By what the ledger knows of the pod alone.
    static func remembered(for pod: Pod, ledger: Ledger, facts: NodeFacts) async throws -> OCIRuntime? {
        guard let name = pod.spec.runtimeClassName, !name.isEmpty else { return nil }
        guard let known = try await recorded(name, for: pod.metadata.uid, ledger: ledger) else { throw RuntimeClassError.notFound(name) }
        return try runtime(of: known, name, facts)
    }

    private static func runtime(of handler: String, _ name: String, _ facts: NodeFacts) throws(RuntimeClassError) -> OCIRuntime? {
        if handler == builtIn { return nil }
        guard let found = facts.runtimes.first(where: { $0.handler == handler }) else {
            throw .unknownHandler(handler, runtimeClass: name, known: [builtIn] + facts.runtimes.map(\.handler))
        }
        return found
    }

    private static func recorded(_ name: String, for uid: String, ledger: Ledger) async throws -> String? {
        let known = try await ledger.read { try $0.objects(of: uid) }.first { $0.kind == .runtimeClass && $0.name == name }
        return known.map { String(decoding: $0.body, as: UTF8.self) }
    }

    /// While the API server is away, what the pod was resolved with before.
    private static func handler(of name: String, for uid: String, client: KubeClient, ledger: Ledger) async throws -> String {
        let found: RuntimeClass
        do throws(KubeClientError) {
            found = try await client.get(named: name)
        } catch {
            if error.isNotFound { throw RuntimeClassError.notFound(name) }
            guard let known = try await recorded(name, for: uid, ledger: ledger) else { throw error }
            return known
        }
        let object = ResolvedObject(
            kind: .runtimeClass, name: name, resourceVersion: found.metadata.resourceVersion, body: Data(found.handler.utf8))
        try await ledger.commit { try $0.save(object, for: uid) }
        return found.handler
    }
}

enum RuntimeClassError: ActionableError, Equatable {
    case notFound(String)
    case unknownHandler(String, runtimeClass: String, known: [String])

    var description: String {
        switch self {
        case .notFound(let name): "RuntimeClass \"\(name)\" not found"
        case .unknownHandler(let handler, let name, let known):
            "no runtime for \"\(handler)\" is configured (RuntimeClass \"\(name)\"); this node has \(known.map { "\"\($0)\"" }.joined(separator: ", "))"
        }
    }

    var remedy: String? {
        switch self {
        case .notFound(let name): "create RuntimeClass \(name), or remove runtimeClassName"
        case .unknownHandler(let handler, _, _): "start berthd with --oci-runtime \(handler)=PATH, or give the RuntimeClass a handler that the node has"
        }
    }
}
