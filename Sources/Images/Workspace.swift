import LinuxSystem

/// A directory for one import or pull; gone at its end, or at the next start.
struct Workspace: Hashable, Sendable {
    let name: String
    let parent: String

    var path: String { "\(parent)/\(name)" }
    /// Layers as they come from the registry.
    var blobs: String { "\(path)/blobs" }
    /// Layers being unpacked.
    var layers: String { "\(path)/layers" }
    /// An archive's own files.
    var archive: String { "\(path)/archive" }

    func make() throws(SystemCallError) {
        for directory in [path, blobs, layers] { try DirectoryTree.make(directory, mode: 0o700) }
    }
}
