import FoundationEssentials
import KubeAPI
import KubeClient
import Ledger

/// What runs the pods of a RuntimeClass on this node: Berth, under the name `berth`.
enum RuntimeHandler {
    static let builtIn = "berth"

    /// - Throws: `RuntimeClassError` for a class that does not exist, or whose handler this node has not; `KubeClientError`;
    ///   `LedgerError`.
    static func check(for pod: Pod, client: KubeClient, ledger: Ledger) async throws {
        guard let name = pod.spec.runtimeClassName, !name.isEmpty else { return }
        let handler = try await handler(of: name, for: pod.metadata.uid, client: client, ledger: ledger)
        guard handler == builtIn else { throw RuntimeClassError.unknownHandler(handler, runtimeClass: name) }
    }

    /// While the API server is away, what the pod was resolved with before.
    private static func handler(of name: String, for uid: String, client: KubeClient, ledger: Ledger) async throws -> String {
        let found: RuntimeClass
        do throws(KubeClientError) {
            found = try await client.get(named: name)
        } catch {
            if error.isNotFound { throw RuntimeClassError.notFound(name) }
            let known = try await ledger.read { try $0.objects(of: uid) }.first { $0.kind == .runtimeClass && $0.name == name }
            guard let known else { throw error }
            return String(decoding: known.body, as: UTF8.self)
        }
        let object = ResolvedObject(
            kind: .runtimeClass, name: name, resourceVersion: found.metadata.resourceVersion, body: Data(found.handler.utf8))
        try await ledger.commit { try $0.save(object, for: uid) }
        return found.handler
    }
}

enum RuntimeClassError: ActionableError, Equatable {
    case notFound(String)
    case unknownHandler(String, runtimeClass: String)

    var description: String {
        switch self {
        case .notFound(let name): "RuntimeClass \"\(name)\" not found"
        case .unknownHandler(let handler, let name): "no runtime for \"\(handler)\" is configured (RuntimeClass \"\(name)\"); this node has \"\(RuntimeHandler.builtIn)\""
        }
    }

    var remedy: String? {
        switch self {
        case .notFound(let name): "create RuntimeClass \(name), or remove runtimeClassName"
        case .unknownHandler: "set the handler of the RuntimeClass to \(RuntimeHandler.builtIn), or give the pod to a node that has it"
        }
    }
}
