import FoundationEssentials
import KubeAPI
package import KubeClient
package import Logging

/// Says every 10 s that this node is alive. Source: Kubernetes, "Leases: node heartbeats".
package struct LeaseKeeper: Sendable {
    private static let namespace = "kube-node-lease"
    /// Seconds.
    private static let duration = 40
    private static let interval = Duration.seconds(10)

    private let client: KubeClient
    private let nodeName: String
    private let logger: Logger

    package init(client: KubeClient, nodeName: String, logger: Logger) {
        self.client = client
        self.nodeName = nodeName
        self.logger = logger
    }

    /// Runs until cancelled. `nodeUID` makes the lease go with its Node.
    package func run(nodeUID: String) async {
        var lease: Lease?
        var isFailing = false
        while !Task.isCancelled {
            do throws(KubeClientError) {
                lease = try await renew(lease, nodeUID: nodeUID)
                isFailing = false
            } catch {
                // Somebody else wrote it, or it is gone: begin with what the server has.
                if error.isConflict || error.isNotFound { lease = nil }
                if !isFailing { logger.warning("lease not renewed", metadata: ["error": "\(error)"]) }
                isFailing = true
            }
            // Ends early only by cancellation, which the loop condition sees.
            try? await Task.sleep(for: Self.interval, tolerance: .seconds(1))
        }
    }

    private func renew(_ known: Lease?, nodeUID: String) async throws(KubeClientError) -> Lease {
        if var lease = known {
            lease.spec.renewTime = Timestamp(Date(), hasMicroseconds: true)
            return try await client.update(lease)
        }
        do throws(KubeClientError) {
            let lease: Lease = try await client.get(named: nodeName, in: Self.namespace)
            return try await renew(filled(lease, nodeUID: nodeUID), nodeUID: nodeUID)
        } catch {
            guard error.isNotFound else { throw error }
            var lease = Lease()
            lease.metadata = ObjectMeta(name: nodeName, namespace: Self.namespace)
            return try await client.create(filled(lease, nodeUID: nodeUID))
        }
    }

    private func filled(_ lease: Lease, nodeUID: String) -> Lease {
        var lease = lease
        lease.spec.holderIdentity = nodeName
        lease.spec.leaseDurationSeconds = Self.duration
        lease.spec.renewTime = Timestamp(Date(), hasMicroseconds: true)
        lease.metadata.ownerReferences = [OwnerReference(apiVersion: Node.apiVersion, kind: Node.kind, name: nodeName, uid: nodeUID)]
        return lease
    }
}
