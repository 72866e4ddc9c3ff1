package import KubeAPI
import KubeClient

/// Why a pod's volumes are not there yet, in the words of the FailedMount event.
package enum VolumeTrouble: ActionableError {
    case claimNotFound(String)
    case claimNotBound(String)
    case claimLost(claim: String, volume: String)
    case claimGoing(String)
    case unsupported(volume: String)
    /// The image of an image volume is not here, and why.
    case imageNotReady(volume: String, ContainerStateWaiting)
    case notMounted(volume: String, cause: any ActionableError)

    /// The API server refuses what it will grant once its authorizer has seen the pod's binding, a moment later.
    package var isForbidden: Bool {
        guard case .notMounted(_, let cause as KubeClientError) = self else { return false }
        return cause.isForbidden
    }

    package var description: String {
        switch self {
        case .claimNotFound(let name): "persistentvolumeclaim \"\(name)\" not found"
        case .claimNotBound(let name): "persistentvolumeclaim \"\(name)\" is not bound to a volume yet"
        case .claimLost(let claim, let volume): "persistentvolumeclaim \"\(claim)\" is bound to \"\(volume)\", which is not bound to it"
        case .claimGoing(let name): "persistentvolumeclaim \"\(name)\" is being deleted"
        case .unsupported(let volume): "MountVolume.SetUp failed for volume \"\(volume)\": this kind of volume is not supported by this node"
        case .imageNotReady(let volume, let waiting): "MountVolume.SetUp failed for volume \"\(volume)\": \(waiting.reason): \(waiting.message)"
        case .notMounted(let volume, let cause): "MountVolume.SetUp failed for volume \"\(volume)\": \(cause)"
        }
    }

    package var remedy: String? {
        switch self {
        case .claimNotFound(let name): "create the claim \(name), or correct claimName"
        case .claimNotBound(let name): "see why with: kubectl describe pvc \(name)"
        case .claimLost, .claimGoing, .unsupported, .imageNotReady: nil
        case .notMounted(_, let cause): cause.remedy
        }
    }
}
