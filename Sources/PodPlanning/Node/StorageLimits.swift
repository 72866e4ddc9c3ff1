package import KubeAPI

/// What a pod has on the node's disk, in bytes.
package struct StorageUsage: Hashable, Sendable {
    /// Of emptyDir volumes on disk, by name.
    package var volumes: [String: Int] = [:]
    /// Of containers, by name: the writable layer and the logs.
    package var containers: [String: Int] = [:]
    package init() {}
}

extension PodSpec {
    /// The emptyDir volumes on disk that may only grow so far. Those in memory have the limit of their file system.
    package var limitedVolumes: [(name: String, limit: Quantity)] {
        volumes.compactMap { volume in
            guard let empty = volume.emptyDir, empty.medium.isEmpty, let limit = empty.sizeLimit?.nonZero else { return nil }
            return (volume.name, limit)
        }
    }

    /// Whether anything of the pod may only take so much of the disk.
    package var hasStorageLimits: Bool { !limitedVolumes.isEmpty || limits[Self.storage] != nil }

    private static let storage = "ephemeral-storage"

    /// Why the pod is evicted; nil while it keeps to its limits. Source: kubelet, local storage eviction; its words.
    package func storageExcess(_ usage: StorageUsage) -> PodFailure? {
        func evicted(_ message: String) -> PodFailure { PodFailure(reason: "Evicted", message: message) }
        for (name, limit) in limitedVolumes where usage.volumes[name, default: 0] > limit.value {
            return evicted("Usage of EmptyDir volume \"\(name)\" exceeds the limit \"\(limit.text)\". ")
        }
        // A limit of the pod, or of each of its containers, holds for all together.
        let isLimited = resources?.limits[Self.storage] != nil || containers.allSatisfy { $0.resources.limits[Self.storage]?.nonZero != nil }
        let together = usage.volumes.values.reduce(0, +) + usage.containers.values.reduce(0, +)
        if isLimited, let limit = limits[Self.storage], together > limit {
            return evicted("Pod ephemeral local storage usage exceeds the total limit of containers \(Quantity(bytes: limit).text). ")
        }
        for container in initContainers + containers {
            guard let limit = container.resources.limits[Self.storage]?.nonZero, usage.containers[container.name, default: 0] > limit.value else { continue }
            return evicted("Container \(container.name) exceeded its local ephemeral storage limit \"\(limit.text)\". ")
        }
        return nil
    }
}
