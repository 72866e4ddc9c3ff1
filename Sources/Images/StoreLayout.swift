import Glibc
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

    func makeDirectories() throws(SystemCallError) {
        try Self.makeDirectory(root, withParents: true)
        for path in [blobs, layers, temporary] { try Self.makeDirectory(path) }
    }

    static func makeDirectory(_ path: String, withParents: Bool = false) throws(SystemCallError) {
        do throws(SystemCallError) {
            try systemCall("mkdir", on: path) { mkdir(path, 0o700) }
        } catch {
            if error.code == ENOENT, withParents, let slash = path.lastIndex(of: "/"), slash != path.startIndex {
                try makeDirectory(String(path[..<slash]), withParents: true)
                try makeDirectory(path)
            } else if error.code != EEXIST {
                throw error
            }
        }
    }

    /// Names in one of the store's directories.
    static func names(in path: String) throws(SystemCallError) -> [String] {
        let directory = try OwnedFileDescriptor(opening: path, flags: O_RDONLY | O_DIRECTORY)
        return try FileTree.entries(of: directory).map { String(decoding: $0.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self) }
    }
}

/// One unpacked layer, finished or in the making.
struct LayerDirectory: Hashable, Sendable {
    let path: String
    var files: String { "\(path)/fs" }
    var marker: String { "\(path)/layer.json" }
}
