/// One file of a configMap, secret, downwardAPI or projected volume.
package struct ProjectedFile: Codable, Hashable, Sendable {
    /// Relative, without `..`; may have directories.
    package var path: String
    package var content: [UInt8]
    /// Permission bits.
    package var mode: UInt32
    /// The owner, where it is not root: a token of a container that runs as one user.
    package var owner: UInt32?
    /// The pod's `fsGroup`, which may read the file.
    package var group: UInt32?

    package init(path: String, content: [UInt8], mode: UInt32, owner: UInt32? = nil, group: UInt32? = nil) {
        self.path = path
        self.content = content
        self.mode = mode
        self.owner = owner
        self.group = group
    }
}
