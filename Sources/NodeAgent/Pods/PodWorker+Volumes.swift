import SandboxPlan
import FoundationEssentials
import KubeAPI
import Logging
import PodPlanning

/// The pod's volumes while it runs.
extension PodWorker {
    func publishVolumes(podIPs: [String]) async throws {
        let published = try await node.volumes.publish(for: granted, objects: await referencedObjects(), podIPs: podIPs, on: node.facts)
        volumes = published.volumes
        renewVolumesAt = published.renewAt
    }

    var hasAllVolumes: Bool { pod.spec.volumes.allSatisfy { volumes[$0.name] != nil } }

    /// Before every start: no container may find an empty directory where a claim's data should be.
    func ensureVolumes() async throws {
        let hasClaims = pod.spec.volumes.contains { $0.persistentVolumeClaim != nil || $0.ephemeral != nil }
        if hasAllVolumes {
            guard hasClaims else { return }
            if try await node.volumes.standAsPublished(podUID: identity.uid) { return }
        }
        logger.notice("volumes are not as they were, and are published again")
        try await publishVolumes(podIPs: memory.record.podIPs)
    }

    /// Files of ConfigMaps, Secrets, the pod itself and tokens follow their sources.
    func refreshVolumes() async {
        do {
            try await publishVolumes(podIPs: memory.record.podIPs)
        } catch is CancellationError {
            return
        } catch {
            // The files stay as they were; tried again after a while, or with the next change.
            renewVolumesAt = Date().addingTimeInterval(60)
            node.events.record(.warning, "FailedMount", "\(error)", about: pod)
        }
    }
}
