import FoundationEssentials
package import KubeAPI
package import KubeClient
package import Ledger

/// Finds the PersistentVolume behind a claim: from the API server, or, while that is away, from what the pod was
/// resolved with before.
package struct ClaimResolver: Sendable {
    private let client: KubeClient
    private let ledger: Ledger

    package init(client: KubeClient, ledger: Ledger) {
        self.client = client
        self.ledger = ledger
    }

    package func volume(claim name: String, of pod: Pod) async throws -> PersistentVolume {
        do {
            let claim: PersistentVolumeClaim = try await client.get(named: name, in: pod.metadata.namespace)
            if claim.metadata.deletionTimestamp != nil, pod.status.startTime == nil { throw VolumeTrouble.claimGoing(name) }
            guard claim.status.phase == "Bound", !claim.spec.volumeName.isEmpty else { throw VolumeTrouble.claimNotBound(name) }
            let volume: PersistentVolume = try await client.get(named: claim.spec.volumeName)
            guard volume.spec.claimRef?.uid == claim.metadata.uid else { throw VolumeTrouble.claimLost(claim: name, volume: claim.spec.volumeName) }
            try remember(claim, volume, for: pod.metadata.uid)
            return volume
        } catch let error as KubeClientError {
            // Only "not found" is an answer about the claim; a refusal, for instance of an expired certificate, is none.
            if !error.isNotFound, let known = try await remembered(claim: name, of: pod.metadata.uid) { return known }
            if error.isNotFound { throw VolumeTrouble.claimNotFound(name) }
            throw VolumeTrouble.notMounted(volume: name, cause: error)
        }
    }

    private func remember(_ claim: PersistentVolumeClaim, _ volume: PersistentVolume, for uid: String) throws {
        let claimObject = ResolvedObject(
            kind: .persistentVolumeClaim, name: claim.metadata.name, resourceVersion: claim.metadata.resourceVersion,
            body: try JSONEncoder().encode(claim))
        let volumeObject = ResolvedObject(
            kind: .persistentVolume, name: volume.metadata.name, resourceVersion: volume.metadata.resourceVersion,
            body: try JSONEncoder().encode(volume))
        // On the disk before the volume counts as published.
        ledger.post(matters: true) { transaction in
            try transaction.save(claimObject, for: uid)
            try transaction.save(volumeObject, for: uid)
        }
    }

    private func remembered(claim name: String, of uid: String) async throws -> PersistentVolume? {
        let objects = try await ledger.read { try $0.objects(of: uid) }
        guard let body = objects.first(where: { $0.kind == .persistentVolumeClaim && $0.name == name })?.body else { return nil }
        let claim = try JSONDecoder().decode(PersistentVolumeClaim.self, from: body)
        guard let volume = objects.first(where: { $0.kind == .persistentVolume && $0.name == claim.spec.volumeName })?.body else { return nil }
        return try JSONDecoder().decode(PersistentVolume.self, from: volume)
    }
}
