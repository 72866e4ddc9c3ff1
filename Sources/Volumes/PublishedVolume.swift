package import LinuxSystem
package import PodPlanning

/// A volume as it stands for one pod.
package struct PublishedVolume: Hashable, Sendable {
    /// What containers are planned with.
    package var volume: MountedVolume
    /// emptyDir, hostPath, configMap, secret, downwardAPI, projected, image or persistentVolumeClaim.
    package var kind: String
    /// The id behind a claim's volume, or of the image; empty for a volume that ends with the pod.
    package var volumeID: String
    /// To be recorded, and handed to the next `publish`. Nil where there is nothing to mistake it for.
    package var identity: SourceIdentity?
    /// Berth mounted something at `volume.hostPath` for this pod alone.
    package var isMount: Bool
    package var fsGroup: UInt32?
    /// What e2fsck found, when it had to look.
    package var check: FilesystemCheck?
    /// Files were written or replaced.
    package var filesChanged = false

    init(
        _ request: VolumeRequest, path: String, identity: SourceIdentity? = nil, isMount: Bool = false, fsGroup: FSGroup? = nil,
        check: FilesystemCheck? = nil
    ) {
        let source = request.source
        var isReadOnly = request.isReadOnly
        volumeID = ""
        switch source {
        case .emptyDirectory, .memory, .hugePages: kind = "emptyDir"
        case .hostPath:
            kind = "hostPath"
        case .files(_, let plugin):
            kind = ["configmap": "configMap", "secret": "secret", "downward-api": "downwardAPI"][plugin] ?? "projected"
            // `FileProjection` updates these as root and by path: a container that may write there could put a link in its way.
            isReadOnly = true
        case .image(_, let id):
            kind = "image"
            volumeID = id
            isReadOnly = true
        case .localImage(let id):
            kind = "persistentVolumeClaim"
            volumeID = id
        case .directory(_, _, let volume, _):
            kind = "persistentVolumeClaim"
            volumeID = volume
        }
        volume = MountedVolume(name: request.name, hostPath: path, isReadOnly: isReadOnly)
        self.identity = identity
        self.isMount = isMount
        self.fsGroup = fsGroup?.id
        self.check = check
    }
}

extension PodVolumes {
    static let plugins: Set<String> = [
        "kubernetes.io/empty-dir", "kubernetes.io/configmap", "kubernetes.io/secret", "kubernetes.io/downward-api", "kubernetes.io/projected",
        "kubernetes.io/image",
    ]

    /// The plugin whose directory holds a volume of this kind; nil when it lies elsewhere.
    static func plugin(kind: String) -> String? {
        switch kind {
        case "emptyDir": "kubernetes.io/empty-dir"
        case "configMap": "kubernetes.io/configmap"
        case "secret": "kubernetes.io/secret"
        case "downwardAPI": "kubernetes.io/downward-api"
        case "projected": "kubernetes.io/projected"
        case "image": "kubernetes.io/image"
        default: nil
        }
    }

    /// Credentials and what the API says about the pod stay off the disk.
    static func keepsInMemory(_ plugin: String) -> Bool { plugin != "configmap" }

    func path(of request: VolumeRequest, podUID: String) -> String {
        let plugin =
            switch request.source {
            case .files(_, let plugin): plugin
            case .image: "image"
            case .emptyDirectory, .memory, .hugePages, .hostPath, .localImage, .directory: "empty-dir"
            }
        return paths.volume(request.name, plugin: "kubernetes.io/\(plugin)", of: podUID)
    }
}
