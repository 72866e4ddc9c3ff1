package import KubeAPI
import Logging

/// What became of a watched set of objects.
package enum InformerChange<Object: KubeObject>: Sendable {
    /// The whole set, after a list. What was known before and is not in it is gone, except for those that are there, by their uids, and
    /// could not be read.
    case replaced([Object], unreadable: Set<String>)
    case applied(Object)
    case deleted(Object)
}

/// Follows a set of objects: one list, then a watch that resumes where it broke off, and a new list only when the server
/// no longer remembers that place. Holds no objects itself.
package struct Informer<Object: KubeObject>: Sendable {
    private let client: KubeClient
    private let namespace: String?
    private let selector: ObjectSelector

    /// - Parameter namespace: nil for all namespaces.
    package init(_ type: Object.Type = Object.self, client: KubeClient, in namespace: String? = nil, matching selector: ObjectSelector = .all) {
        self.client = client
        self.namespace = namespace
        self.selector = selector
    }

    /// Runs until cancelled. Errors are retried for ever, with back-off, because a node outlives its control plane;
    /// the first of a series that means trouble is logged and passed to `onTrouble`.
    package func run(
        onTrouble: @Sendable (KubeClientError) async -> Void = { _ in },
        deliver: @Sendable (InformerChange<Object>) async -> Void
    ) async {
        var resourceVersion: String?
        var delay = RetryDelay()
        while !Task.isCancelled {
            do throws(KubeClientError) {
                if resourceVersion == nil {
                    let list = try await client.list(Object.self, in: namespace, matching: selector)
                    for item in list.unreadable { report(unreadable: item.message) }
                    await deliver(.replaced(list.items, unreadable: Set(list.unreadable.compactMap(\.uid))))
                    resourceVersion = list.resourceVersion
                }
                try await follow(from: &resourceVersion, delay: &delay, deliver: deliver)
            } catch {
                if Task.isCancelled { return }
                if error.isGone {
                    resourceVersion = nil
                    continue
                }
                // The first refusal is no news: what a node may read follows the binding of its pods, a moment later.
                if delay.failures == (error.isForbidden ? 1 : 0) {
                    client.logger.warning("watch interrupted", metadata: ["resource": "\(Object.resource)", "error": "\(error)"])
                    await onTrouble(error)
                }
                // Ends early only by cancellation, which the loop condition sees.
                try? await Task.sleep(for: delay.next())
            }
        }
    }

    private func follow(
        from resourceVersion: inout String?, delay: inout RetryDelay, deliver: @Sendable (InformerChange<Object>) async -> Void
    ) async throws(KubeClientError) {
        var events = try await client.watch(Object.self, in: namespace, matching: selector, from: resourceVersion ?? "")
        delay.reset()
        while let event = try await events.next() {
            switch event {
            case .added(let object), .modified(let object):
                resourceVersion = object.metadata.resourceVersion
                await deliver(.applied(object))
            case .deleted(let object):
                resourceVersion = object.metadata.resourceVersion
                await deliver(.deleted(object))
            case .bookmark(let version): resourceVersion = version
            case .unreadable(let message): report(unreadable: message)
            }
        }
    }

    private func report(unreadable message: String) {
        client.logger.error("object skipped", metadata: ["resource": "\(Object.resource)", "error": "\(message)"])
    }
}
