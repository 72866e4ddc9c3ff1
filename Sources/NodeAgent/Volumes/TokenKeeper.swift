package import FoundationEssentials
package import KubeAPI
package import KubeClient
package import Ledger

/// Service account tokens of pods: asked for when needed, renewed at 80 % of their life, kept sealed in the ledger, so that
/// a node that starts without its control plane still has the last good one.
package struct TokenKeeper: Sendable {
    private let client: KubeClient
    private let ledger: Ledger

    package init(client: KubeClient, ledger: Ledger) {
        self.client = client
        self.ledger = ledger
    }

    /// Tokens by the path they are projected to.
    ///
    /// - Returns: also when the first of them is to be renewed; nil without tokens.
    package func tokens(for volume: Volume, of pod: Pod) async throws -> (byPath: [String: [UInt8]], renewAt: Date?) {
        var byPath: [String: [UInt8]] = [:]
        var renewAt: Date?
        for projection in (volume.projected?.sources ?? []).compactMap(\.serviceAccountToken) {
            let (token, renewal) = try await token(projection, of: pod)
            byPath[projection.path] = token
            renewAt = min(renewAt ?? renewal, renewal)
        }
        return (byPath, renewAt)
    }

    private func token(_ projection: ServiceAccountTokenProjection, of pod: Pod) async throws -> ([UInt8], Date) {
        let uid = pod.metadata.uid
        let account = pod.spec.serviceAccountName.isEmpty ? "default" : pod.spec.serviceAccountName
        let lifetime = projection.expirationSeconds > 0 ? projection.expirationSeconds : 3600
        let name = "\(account)/\(projection.audience)/\(lifetime)"
        let known = try await ledger.read { try $0.objects(of: uid) }.first { $0.kind == .serviceAccountToken && $0.name == name }
        if let known, let expiry = known.expiresAt {
            let renewal = expiry.addingTimeInterval(-Double(lifetime) / 5)
            if renewal > Date() { return (Array(known.body), renewal) }
        }
        do throws(KubeClientError) {
            let fresh = try await client.requestToken(
                serviceAccount: account, namespace: pod.metadata.namespace, audience: projection.audience, seconds: lifetime,
                podName: pod.metadata.name, podUID: uid)
            let expiry = fresh.expirationTimestamp.date
            let object = ResolvedObject(kind: .serviceAccountToken, name: name, body: Data(fresh.token.utf8), expiresAt: expiry)
            // On the disk before the volume that holds it counts as published.
            ledger.post(matters: true) { try $0.save(object, for: uid) }
            return (Array(fresh.token.utf8), expiry.addingTimeInterval(-Double(lifetime) / 5))
        } catch {
            // The last good token stays until a newer one replaces it.
            if let known, error.isTransient { return (Array(known.body), Date().addingTimeInterval(60)) }
            throw error
        }
    }
}
