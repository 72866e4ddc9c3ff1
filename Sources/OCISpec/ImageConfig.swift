/// The image configuration, `application/vnd.oci.image.config.v1+json`. Source: OCI image spec, config.md.
package struct ImageConfig: Codable, Hashable, Sendable {
    package var architecture: String
    package var os: String
    package var variant: String?
    package var created: String?
    package var config: ExecutionParameters?
    package var rootfs: RootFS

    package struct RootFS: Codable, Hashable, Sendable {
        package var type: String
        /// Digests of the uncompressed layer tars, lowest layer first.
        package var diffIDs: [String]
        enum CodingKeys: String, CodingKey { case type, diffIDs = "diff_ids" }
        package init(type: String = "layers", diffIDs: [String]) {
            self.type = type
            self.diffIDs = diffIDs
        }
    }

    package init(architecture: String, os: String, config: ExecutionParameters? = nil, rootfs: RootFS) {
        self.architecture = architecture
        self.os = os
        self.config = config
        self.rootfs = rootfs
    }
}

/// What the image says about running it; the fields are capitalised on the wire.
package struct ExecutionParameters: Codable, Hashable, Sendable {
    /// `user`, `uid`, `user:group` or `uid:gid`.
    package var user: String?
    package var exposedPorts: [String: EmptyObject]?
    /// `NAME=value`.
    package var env: [String]?
    package var entrypoint: [String]?
    package var cmd: [String]?
    package var volumes: [String: EmptyObject]?
    package var workingDir: String?
    package var labels: [String: String]?
    package var stopSignal: String?

    enum CodingKeys: String, CodingKey {
        case user = "User", exposedPorts = "ExposedPorts", env = "Env", entrypoint = "Entrypoint", cmd = "Cmd"
        case volumes = "Volumes", workingDir = "WorkingDir", labels = "Labels", stopSignal = "StopSignal"
    }

    package init() {}
}

package struct EmptyObject: Codable, Hashable, Sendable {
    package init() {}
}
