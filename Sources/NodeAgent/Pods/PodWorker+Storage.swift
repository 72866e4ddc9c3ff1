import FoundationEssentials
import Glibc
import KubeAPI
import LinuxSystem
import Logging
import PodPlanning

/// Limits of what a pod may write to the node's disk.
extension PodWorker {
    /// How often a pod with limits is measured. Source: kubelet, its housekeeping interval.
    private static let storageInterval = 10.0

    /// Begins to measure when it is time.
    ///
    /// - Returns: when to measure next.
    func beginStorageCheck(_ now: Date) -> [Date] {
        guard memory.record.sandbox.isReady, memory.record.failure == nil, !isDeleted, pod.spec.hasStorageLimits else { return [] }
        let next = storageCheckedAt.addingTimeInterval(Self.storageInterval)
        if next > now { return [next] }
        storageCheckedAt = now
        begin(.measure) { await $0.checkStorage() }
        return [now.addingTimeInterval(Self.storageInterval)]
    }

    private func checkStorage() async {
        var places: [(isVolume: Bool, name: String, path: String)] = pod.spec.volumes.compactMap { volume in
            guard volume.emptyDir?.medium == "", let path = volumes[volume.name]?.hostPath else { return nil }
            return (true, volume.name, path)
        }
        let paths = node.facts.paths
        for container in pod.spec.allContainers {
            guard let run = memory.record[container: container.name].current else { continue }
            places.append((false, container.name, "\(paths.containerScratch(run.id))/upper"))
            places.append((false, container.name, paths.containerLog(container.name, attempt: run.attempt, of: identity).parentDirectory))
        }
        var usage = StorageUsage()
        for place in places {
            do throws(SystemCallError) {
                let bytes = try await onDedicatedThread { () throws(SystemCallError) in try DiskUsage.bytes(below: place.path) }
                if place.isVolume { usage.volumes[place.name, default: 0] += bytes } else { usage.containers[place.name, default: 0] += bytes }
            } catch {
                // Not there yet, or no more: it takes nothing.
                if error.code != ENOENT { logger.warning("disk use not measured", metadata: ["error": "\(error)"]) }
            }
        }
        guard memory.record.failure == nil, let excess = pod.spec.storageExcess(usage) else { return }
        logger.notice("pod evicted", metadata: ["message": "\(excess.message)"])
        memory.record.failure = excess
        node.events.record(.warning, excess.reason, excess.message, about: pod)
        await persist()
    }
}
