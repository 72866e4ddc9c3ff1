import KubeAPI
package import LinuxSystem

/// Why a volume could not be had, or not be given back.
package enum VolumeError: ActionableError {
    /// `expectation` is kubelet's wording: "is not a directory".
    case typeCheckFailed(path: String, expectation: String)
    case missing(path: String)
    case identityMismatch(path: String, expected: SourceIdentity, found: SourceIdentity)
    /// The image of `id` does not hold the file system that was made in it.
    case wrongFilesystem(id: String, expected: String, found: String)
    case unknownVolume(id: String)
    case shrinkRefused(id: String, bytes: Int, requested: Int)
    /// Resizing a mounted ext4 needs CAP_SYS_RESOURCE. Source: ext4_resize_begin.
    case growthNeedsUnmount(id: String)
    case noSpace(path: String, requested: Int)
    case busy(path: String, holders: [MountHolder])
    /// Something else is mounted where the volume belongs.
    case foreignMount(path: String, source: String)
    /// A removal met a mount; nothing behind it was touched.
    case mountInside(path: String)
    case invalidPath(path: String, rule: String)
    case invalidIdentifier(String)
    case helperFailed(program: String, ending: String, output: String)
    /// e2fsck could not mend it by itself.
    case filesystemDamaged(id: String, image: String, output: String)
    case deadlineExceeded(operation: String, deadline: Duration)
    /// e2fsck or resize2fs has not ended yet, and is not interrupted.
    case underMaintenance(id: String)
    case unsupported(volume: String, reason: String)
    case corruptRecord(path: String, reason: String)
    case failed(SystemCallError)

    package var description: String {
        switch self {
        case .typeCheckFailed(let path, let expectation): "hostPath type check failed: \(path) \(expectation)"
        case .missing(let path): "\(path) does not exist"
        case .identityMismatch(let path, let expected, let found):
            "\(path) is not the source it was: expected \(expected), found \(found)"
        case .wrongFilesystem(let id, let expected, let found):
            "the image of volume \(id) holds \(found.isEmpty ? "no ext4 file system" : "file system \(found)"), expected \(expected)"
        case .unknownVolume(let id): "there is no volume \(id) on this node"
        case .shrinkRefused(let id, let bytes, let requested): "volume \(id) has \(bytes) bytes and cannot shrink to \(requested)"
        case .growthNeedsUnmount(let id): "volume \(id) is in use, and berthd lacks CAP_SYS_RESOURCE to grow it meanwhile"
        case .noSpace(let path, let requested): "no room for \(requested) bytes on the file system of \(path)"
        case .busy(let path, let holders):
            "\(path) is in use" + (holders.isEmpty ? "" : " by " + holders.prefix(5).map(\.description).joined(separator: ", "))
        case .foreignMount(let path, let source): "\(source) is mounted at \(path), where a volume belongs"
        case .mountInside(let path): "\(path) is a mount that Berth did not expect there"
        case .invalidPath(let path, let rule): "'\(path)' \(rule)"
        case .invalidIdentifier(let id): "'\(id)' is not a volume id"
        case .helperFailed(let program, let ending, let output): "\(program) failed (\(ending)): \(output)"
        case .filesystemDamaged(let id, _, let output): "the file system of volume \(id) is damaged: \(output)"
        case .deadlineExceeded(let operation, let deadline): "\(operation) did not end within \(deadline)"
        case .underMaintenance(let id): "the file system of volume \(id) is being checked or resized"
        case .unsupported(let volume, let reason): "volume \(volume): \(reason)"
        case .corruptRecord(let path, let reason): "reading \(path): \(reason)"
        case .failed(let error): error.description
        }
    }

    package var remedy: String? {
        switch self {
        case .typeCheckFailed(let path, _): "make \(path) on the node what the pod expects, or change hostPath.type"
        case .missing(let path): "make \(path) on the node, or mount what should be there"
        case .identityMismatch(let path, _, _): "mount the original file system at \(path) again"
        case .wrongFilesystem(let id, _, _): "restore the image of volume \(id) from a backup"
        case .shrinkRefused(let id, let bytes, _): "ask for at least \(bytes) bytes, or copy the data of \(id) to a new claim"
        case .growthNeedsUnmount: "give berthd CAP_SYS_RESOURCE, or stop the pods that use the volume for a moment"
        case .noSpace(let path, _): "free space on the file system of \(path), or ask for less"
        case .busy: "end the processes that hold it"
        case .foreignMount(let path, _), .mountInside(let path): "look at what is mounted, and unmount \(path) if it is not needed"
        case .filesystemDamaged(_, let image, _): "run 'e2fsck -f \(image)' while no pod uses it"
        case .deadlineExceeded: "look for a hanging disk or network file system; it is tried again"
        case .underMaintenance: "wait: a big volume takes its time, and is mounted when e2fsck or resize2fs has ended"
        case .helperFailed(let program, _, _): "check that \(program) is installed (package e2fsprogs) and works"
        case .unknownVolume, .invalidPath, .invalidIdentifier, .unsupported, .corruptRecord, .failed: nil
        }
    }
}
