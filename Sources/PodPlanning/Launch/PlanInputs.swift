package import KubeAPI
package import OCISpec

/// An image that is on the node: where its layers are unpacked, and what it says about running it.
package struct ResolvedImage: Codable, Hashable, Sendable {
    /// Unpacked layer directories, lowest first.
    package var layers: [String]
    package var config: ImageConfig
    /// `sha256:<digest of the config>`.
    package var imageID: String
    /// Text of the image's `/etc/passwd`, empty when it has none.
    package var passwd: String
    /// Text of the image's `/etc/group`.
    package var group: String

    package init(layers: [String], config: ImageConfig, imageID: String, passwd: String = "", group: String = "") {
        self.layers = layers
        self.config = config
        self.imageID = imageID
        self.passwd = passwd
        self.group = group
    }
}

/// A volume of the pod as it stands on the host, ready to be bound into containers.
package struct MountedVolume: Codable, Hashable, Sendable {
    package var name: String
    /// Absolute: a directory, or a file for a `hostPath` of one.
    package var hostPath: String
    package var isReadOnly: Bool

    package init(name: String, hostPath: String, isReadOnly: Bool = false) {
        self.name = name
        self.hostPath = hostPath
        self.isReadOnly = isReadOnly
    }
}

/// A file in a volume of the pod, by the volume's name and the path below it.
package struct EnvironmentFileReference: Codable, Hashable, Sendable {
    package var volumeName: String
    package var path: String
    package init(volumeName: String, path: String) {
        self.volumeName = volumeName
        self.path = path
    }
}

/// The objects a pod names, as they were when it was resolved; a missing one is simply not in here.
package struct ReferencedObjects: Codable, Hashable, Sendable {
    /// By name, in the pod's namespace.
    package var configMaps: [String: ConfigMap] = [:]
    package var secrets: [String: Secret] = [:]
    /// The Services of the pod's namespace, and `kubernetes` of `default`: they become environment variables.
    package var services: [Service] = []
    /// Bytes of the `Localhost` seccomp profiles under `NodePaths.seccompProfiles`, by the name that the pod uses.
    package var seccompProfiles: [String: [UInt8]] = [:]
    /// Bytes of the files that `fileKeyRef` variables of the container come from.
    package var environmentFiles: [EnvironmentFileReference: [UInt8]] = [:]
    package init() {}
}
