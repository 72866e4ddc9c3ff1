import KubeAPI
package import KubeClient
package import Logging

/// Delivers one message to the API server. Every delivery may be repeated without harm.
package struct UpstreamSender: Sendable {
    private let client: KubeClient
    private let logger: Logger

    package init(client: KubeClient, logger: Logger) {
        self.client = client
        self.logger = logger
    }

    /// - Throws: only what makes trying again worthwhile. A message about a pod that is gone is settled quietly, one that the
    ///   API server will never take is logged.
    package func send(_ message: OutboxMessage) async throws(KubeClientError) {
        do throws(KubeClientError) {
            switch message {
            case .status(let pod, let status): try await publish(status, of: pod)
            case .event(let event): try await publish(event)
            case .deletion(let pod):
                try await client.delete(Pod.self, named: pod.name, in: pod.namespace, uid: pod.uid, gracePeriodSeconds: 0)
            }
        } catch {
            if error.isTransient || error.code == 401 { throw error }
            // An API server that has just started may refuse what it grants a moment later.
            if error.isForbidden, !message.isEvent { throw error }
            // Gone, or replaced by a namesake.
            if error.isNotFound || error.isConflict { return }
            logger.log(level: message.isEvent ? .debug : .error, "refused by the API server, and dropped", metadata: ["error": "\(error)"])
        }
    }

    private func publish(_ status: JSONValue, of pod: PodReference) async throws(KubeClientError) {
        let body = StatusPatch(podUID: pod.uid, status: status).body.serialized()
        try await client.submit(Patch(.strategicMerge, body: body), to: Pod.self, named: pod.name, in: pod.namespace, subresource: "status")
    }

    /// A repeated event is one object whose count grows.
    private func publish(_ event: Event) async throws(KubeClientError) {
        if event.count > 1 {
            do throws(KubeClientError) {
                return try await update(event)
            } catch {
                guard error.isNotFound else { throw error }
            }
        }
        do throws(KubeClientError) {
            try await client.submit(event)
        } catch {
            guard error.isAlreadyExists else { throw error }
            try await update(event)
        }
    }

    private func update(_ event: Event) async throws(KubeClientError) {
        var body: JSONValue = ["count": .int(event.count), "message": .string(event.message)]
        if let last = event.lastTimestamp { body["lastTimestamp"] = .string(last.description) }
        try await client.submit(
            Patch(.merge, body: body.serialized()), to: Event.self, named: event.metadata.name, in: event.metadata.namespace)
    }
}
