import FoundationEssentials
package import KubeAPI
package import KubeClient
package import Logging

/// Keeps this node's Node object: made when it is missing, its labels and status brought up to date, its heartbeat kept.
package struct NodeRegistration: Sendable {
    private static let attachDetachAnnotation = "volumes.kubernetes.io/controller-managed-attach-detach"
    /// An unchanged status is sent again after this. Source: kubelet `nodeStatusReportFrequency`.
    private static let heartbeat: TimeInterval = 300
    private static let interval = Duration.seconds(10)

    private let client: KubeClient
    private let profile: NodeProfile
    private let mirror: NodeMirror
    private let observe: @Sendable () async -> NodeObservation
    private let logger: Logger

    package init(client: KubeClient, profile: NodeProfile, mirror: NodeMirror, logger: Logger, observe: @escaping @Sendable () async -> NodeObservation) {
        self.client = client
        self.profile = profile
        self.mirror = mirror
        self.logger = logger
        self.observe = observe
    }

    /// Registers, however long the API server takes to answer.
    ///
    /// - Returns: the Node as the server has it; nil when cancelled.
    package func register() async -> Node? {
        var delay = RetryDelay()
        while !Task.isCancelled {
            do throws(KubeClientError) {
                let node = try await createOrReconcile()
                mirror.take(node)
                return node
            } catch {
                if delay.failures == 0 { logger.warning("node not registered yet", metadata: ["error": "\(error)"]) }
                // Ends early only by cancellation, which the loop condition sees.
                try? await Task.sleep(for: delay.next())
            }
        }
        return nil
    }

    /// Publishes the status whenever it is not what the API server shows, because the node has changed or somebody else
    /// has written it, and every five minutes anyway. Runs until cancelled, or until this very Node is gone.
    package func keepStatus(of node: Node) async {
        await withDiscardingTaskGroup { group in
            group.addTask {
                await Informer(Node.self, client: client, matching: .named(profile.name)).run { mirror.take($0) }
            }
            await publishRegularly(node)
            group.cancelAll()
        }
    }

    private func publishRegularly(_ node: Node) async {
        var publishedAt = Date.distantPast
        var isFailing = false
        while !Task.isCancelled {
            guard let current = mirror.current, current.metadata.uid == node.metadata.uid else {
                return logger.warning("the node was deleted, and registers again")
            }
            let now = Date()
            let published = current.status
            let status = profile.status(from: await observe(), previous: published, now: now)
            if !status.says(theSameAs: published) || now.timeIntervalSince(publishedAt) >= Self.heartbeat {
                do throws(KubeClientError) {
                    mirror.take(try await publish(status))
                    publishedAt = now
                    isFailing = false
                } catch {
                    if error.isNotFound { mirror.take(nil) }
                    if !isFailing { logger.warning("node status not published", metadata: ["error": "\(error)"]) }
                    isFailing = true
                }
            }
            // Ends early only by cancellation, which the loop condition sees.
            try? await Task.sleep(for: Self.interval, tolerance: .seconds(1))
        }
    }

    private func createOrReconcile() async throws(KubeClientError) -> Node {
        var node = Node()
        node.metadata = ObjectMeta(name: profile.name)
        node.metadata.labels = profile.allLabels
        node.metadata.annotations = [Self.attachDetachAnnotation: "true"]
        node.status = profile.status(from: await observe(), previous: NodeStatus(), now: Date())
        do throws(KubeClientError) {
            return try await client.create(node)
        } catch {
            guard error.isAlreadyExists || error.isConflict else { throw error }
        }
        let existing: Node = try await client.get(named: profile.name)
        let labels = profile.allLabels.filter { existing.metadata.labels[$0.key] != $0.value }
        let isAnnotated = existing.metadata.annotations[Self.attachDetachAnnotation] == "true"
        guard !labels.isEmpty || !isAnnotated else { return existing }
        let patch: JSONValue = [
            "metadata": [
                "labels": .object(labels.mapValues { .string($0) }),
                "annotations": [Self.attachDetachAnnotation: "true"],
            ]
        ]
        return try await client.patch(named: profile.name, with: Patch(.merge, body: patch.serialized()))
    }

    private func publish(_ status: NodeStatus) async throws(KubeClientError) -> Node {
        let fields: JSONValue
        do {
            fields = try JSONValue(encoding: status)
        } catch {
            throw .undecodable(request: "encoding the node status", cause: "\(error)")
        }
        var status = fields
        // Lists without a merge key of their own, and maps whose entries may go, are replaced as a whole.
        for name in ["images", "volumesInUse"] where status[name] == nil { status[name] = .null }
        if let addresses = status["addresses"]?.array { status["addresses"] = .array([["$patch": "replace"]] + addresses) }
        let body: JSONValue = ["status": status]
        return try await client.patch(
            named: profile.name, subresource: "status", with: Patch(.strategicMerge, body: body.serialized()))
    }
}
