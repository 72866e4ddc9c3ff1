import SandboxPlan
import FoundationEssentials
import KubeAPI
import PodPlanning

/// The pod's volumes while it runs.
extension PodWorker {
    func publishVolumes(podIPs: [String]) async throws {
        let published = try await node.volumes.publish(for: pod, objects: await referencedObjects(), podIPs: podIPs, on: node.facts)
        volumes = published.volumes
        renewVolumesAt = published.renewAt
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
