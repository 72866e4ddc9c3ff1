package import KubeAPI
package import PodPlanning

/// One volume of a pod, with everything it needs already found: what `PodVolumes` lays out.
package struct VolumeRequest: Hashable, Sendable {
    /// The name in `spec.volumes`.
    package var name: String
    package var source: Source
    package var isReadOnly: Bool

    package init(name: String, source: Source, isReadOnly: Bool = false) {
        self.name = name
        self.source = source
        self.isReadOnly = isReadOnly
    }

    package enum Source: Hashable, Sendable {
        /// Disk; lives as long as the pod.
        case emptyDirectory
        /// tmpfs; `sizeBytes` nil leaves the kernel's half of the memory.
        case memory(sizeBytes: Int?)
        /// hugetlbfs of pages of that size.
        case hugePages(pageBytes: Int, sizeBytes: Int)
        /// `type` as in `HostPathVolumeSource`.
        case hostPath(path: String, type: String)
        /// Files with atomic updates. `plugin` is `configmap`, `secret`, `downward-api` or `projected`.
        case files([ProjectedFile], plugin: String)
        /// An image of the built-in provisioner.
        case localImage(id: String)
        /// The files of an image, read-only: unpacked layers, lowest first.
        case image(layers: [String], id: String)
        /// A directory that a PersistentVolume names, by `spec.local` or `spec.hostPath`; `claim` is the uid of the claim it is
        /// bound to.
        case directory(path: String, type: String, volume: String, claim: String)
    }
}

extension VolumeRequest {
    /// The annotation that names the image behind a PersistentVolume of the built-in provisioner.
    package static let volumeIDAnnotation = "berth.io/volume-id"
    package static let provisioner = "berth.io/local"

    /// What a pod's volume asks for, when it needs no other object: emptyDir and hostPath. Nil for every other kind.
    ///
    /// - Parameters:
    ///   - spec: of the pod, which says how many huge pages it may have.
    ///   - memoryLimit: bytes that a memory medium without `sizeLimit` may have at most; nil for no limit.
    package init?(_ volume: Volume, in spec: PodSpec = PodSpec(), memoryLimit: Int? = nil) throws(VolumeError) {
        if let empty = volume.emptyDir {
            switch empty.medium {
            case "": self.init(name: volume.name, source: .emptyDirectory)
            case "Memory":
                let limits = [empty.sizeLimit?.value, memoryLimit].compactMap(\.self).filter { $0 > 0 }
                self.init(name: volume.name, source: .memory(sizeBytes: limits.min()))
            case let medium where HugePages.isMedium(medium):
                let (page, limit): (Int, Int)
                do throws(PlanningError) {
                    (page, limit) = try HugePages.volume(medium: medium, in: spec)
                } catch {
                    throw .unsupported(volume: volume.name, reason: error.description)
                }
                self.init(name: volume.name, source: .hugePages(pageBytes: page, sizeBytes: [empty.sizeLimit?.value ?? 0, limit].filter { $0 > 0 }.min() ?? limit))
            default: throw .unsupported(volume: volume.name, reason: "emptyDir medium \(empty.medium) is not available on this node")
            }
        } else if let host = volume.hostPath {
            self.init(name: volume.name, source: .hostPath(path: host.path, type: host.type))
        } else {
            return nil
        }
    }

    /// What a bound claim's PersistentVolume asks for.
    package init(_ name: String, from volume: PersistentVolume, isReadOnly: Bool) throws(VolumeError) {
        let source: Source
        if let id = volume.metadata.annotations[Self.volumeIDAnnotation] {
            source = .localImage(id: id)
        } else if let local = volume.spec.local {
            source = .directory(path: local.path, type: "Directory", volume: volume.metadata.name, claim: volume.spec.claimRef?.uid ?? "")
        } else if let host = volume.spec.hostPath {
            source = .directory(path: host.path, type: host.type, volume: volume.metadata.name, claim: volume.spec.claimRef?.uid ?? "")
        } else {
            throw .unsupported(volume: name, reason: "PersistentVolume \(volume.metadata.name) has no source that this node can mount")
        }
        guard volume.spec.volumeMode != "Block" else {
            throw .unsupported(volume: name, reason: "PersistentVolume \(volume.metadata.name) is a block volume, which this node cannot attach")
        }
        self.init(name: name, source: source, isReadOnly: isReadOnly)
    }

    /// The claim that a generic ephemeral volume makes for its pod. Source: KEP 1698.
    package static func ephemeralClaimName(pod: String, volume: String) -> String { "\(pod)-\(volume)" }
}
