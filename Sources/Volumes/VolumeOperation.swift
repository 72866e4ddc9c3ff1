/// One volume in one pod.
package struct VolumeMount: Hashable, Sendable, Comparable {
    /// The volume's id.
    package var volume: String
    package var podUID: String
    /// The name in the pod's `spec.volumes`.
    package var name: String

    package init(volume: String, podUID: String, name: String) {
        self.volume = volume
        self.podUID = podUID
        self.name = name
    }

    package static func < (left: VolumeMount, right: VolumeMount) -> Bool {
        (left.volume, left.podUID, left.name) < (right.volume, right.podUID, right.name)
    }
}

package enum VolumeOperation: Hashable, Sendable {
    case publish(VolumeMount)
    case unpublish(VolumeMount)
}

/// What to do to get from `actual` to `desired`, in order. Unpublishing comes first, so that a volume moving between
/// pods is free before it is claimed again.
///
/// Until `desiredIsComplete`, nothing is unpublished: a missing pod may only mean that the first list is not in.
package func volumeOperations(
    desired: Set<VolumeMount>, actual: Set<VolumeMount>, desiredIsComplete: Bool
) -> [VolumeOperation] {
    let surplus = desiredIsComplete ? actual.subtracting(desired) : []
    let missing = desired.subtracting(actual)
    return surplus.sorted().map(VolumeOperation.unpublish) + missing.sorted().map(VolumeOperation.publish)
}
