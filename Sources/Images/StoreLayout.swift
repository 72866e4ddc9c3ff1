import LinuxSystem
import OCISpec

/// Where an image store keeps what.
///
///     index.json               the images; renamed into place, so that every change is all or nothing
///     blobs/<digest>           configurations and manifests, small documents
///     layers/<chain id>/fs     an unpacked layer, a lowerdir of overlayfs
///     layers/<chain id>/layer.json   written last: a layer without it was never finished
///     temp/                    work in progress; emptied when the store opens
///     lock                     held while the store is open
struct StoreLayout: Sendable {
    let root: String

    var index: String { "\(root)/index.json" }
    var lock: String { "\(root)/lock" }
    var blobs: String { "\(root)/blobs" }
    var layers: String { "\(root)/layers" }
    var temporary: String { "\(root)/temp" }

    func blob(_ digest: Digest) -> String { "\(blobs)/\(digest.hex)" }
    func layer(_ chain: Digest) -> LayerDirectory { LayerDirectory(path: "\(layers)/\(chain.hex)") }

    /// Makes the directories when missing, and the store this process's own.
    func takeLock() throws(ImageError) -> InstanceLock {
        do {
            for path in [root, blobs, layers, temporary] { try DirectoryTree.make(path, mode: 0o700) }
            if let lock = try InstanceLock(path: lock) { return lock }
        } catch {
            throw ImageError(error, in: root)
        }
        throw .storeInUse(root)
    }

    /// Names in one of the store's directories.
    static func names(in path: String) throws(SystemCallError) -> [String] { try DirectoryEntry.list(path).map(\.name) }
}

/// One unpacked layer, finished or in the making.
struct LayerDirectory: Hashable, Sendable {
    let path: String
    var files: String { "\(path)/fs" }
    var marker: String { "\(path)/layer.json" }
}
