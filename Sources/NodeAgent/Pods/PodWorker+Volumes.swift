import SandboxPlan
import FoundationEssentials
import Images
import KubeAPI
import Logging
import PodPlanning

/// The pod's volumes while it runs.
extension PodWorker {
    func publishVolumes(podIPs: [String]) async throws {
        let images = try await volumeImages()
        let published = try await node.volumes.publish(for: granted, objects: await referencedObjects(), images: images, podIPs: podIPs, on: node.facts)
        volumes = published.volumes
        renewVolumesAt = published.renewAt
    }

    /// The images of the pod's image volumes, pulled where they must be. One that stands is not asked for again: its mount
    /// does not change while the pod lives.
    private func volumeImages() async throws -> [String: StoredImage] {
        var images: [String: StoredImage] = [:]
        for volume in pod.spec.volumes {
            guard let source = volume.image else { continue }
            let policy: PullPolicy = volumes[volume.name] == nil ? PullPolicy(named: source.pullPolicy, image: source.reference) : .ifNotPresent
            let events = node.events
            let pod = pod
            let pace = EventPace(seconds: 10)
            let outcome = await node.images.image(source.reference, policy: policy, logins: pullSecrets(), mayFallBack: false) {
                events.record(.normal, "Pulling", "Pulling image \"\(source.reference)\"", about: pod)
            } progress: { progress in
                guard pace.allows(Date()) else { return }
                events.record(.normal, "Pulling", "Pulling image \"\(source.reference)\": \(progress.summary)", about: pod)
            }
            switch outcome {
            case .ready(let image, _): images[volume.name] = image
            case .held(let waiting, _): throw VolumeTrouble.imageNotReady(volume: volume.name, waiting)
            }
        }
        return images
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
