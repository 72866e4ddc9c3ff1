import FoundationEssentials
import Glibc
import Logging
import LinuxSystem
import OCISpec

extension StoreLayout {
    /// Brings the directory back to what its index says, after whatever ended the last run, and returns what is there.
    func recover(_ logger: Logger) throws(ImageError) -> (index: StoreIndex, layers: [Digest: LayerMarker]) {
        var index = StoreIndex()
        var isIndexWhole = true
        do throws(ImageError) {
            index = try StoreIndex.read(from: self.index)
        } catch {
            // Layers stay this once: running containers stand on them, and the next pull finds them again.
            logger.error("image index damaged, set aside", metadata: ["error": "\(error)"])
            rename(self.index, self.index + ".damaged")
            isIndexWhole = false
        }
        do throws(SystemCallError) {
            try removeTemporary(Self.names(in: temporary))
            var layers: [Digest: LayerMarker] = [:]
            for digest in try Self.names(in: self.layers).compactMap(Self.digest(fromName:)) { layers[digest] = LayerMarker.read(from: layer(digest)) }
            for image in index.images where !isWhole(image, layers) {
                logger.warning("image is damaged and must be fetched again", metadata: ["image.id": "\(image.id)"])
            }
            index.images.removeAll { !isWhole($0, layers) }
            if isIndexWhole {
                let known = Set(index.images.flatMap(\.layers))
                try removeTemporary(setAside(keeping: index, pinned: [], number: 0))
                layers = layers.filter { known.contains($0.key) }
            }
            return (index, layers)
        } catch {
            throw ImageError(error, in: root)
        }
    }

    private func isWhole(_ image: StoreIndex.Record, _ layers: [Digest: LayerMarker]) -> Bool {
        access(blob(image.id), R_OK) == 0 && image.layers.allSatisfy { layers[$0] != nil }
    }

    /// Moves layers that nothing refers to out of the way, by a rename each, so that no half-removed one can be taken for
    /// whole; removes such blobs.
    /// - Returns: what is in `temp` now, to be removed.
    func setAside(keeping index: StoreIndex, pinned: some Collection<Digest>, number: Int) throws(SystemCallError) -> [String] {
        let layersInUse = Set((index.images.flatMap(\.layers) + pinned).map(\.hex))
        let blobsInUse = Set(index.images.flatMap(\.blobs).map(\.hex))
        var trash: [String] = []
        for name in try Self.names(in: layers) where !layersInUse.contains(name) {
            let aside = "trash-\(number)-\(name)"
            try systemCall("rename", on: name) { rename("\(layers)/\(name)", "\(temporary)/\(aside)") }
            trash.append(aside)
        }
        for name in try Self.names(in: blobs) where !blobsInUse.contains(name) {
            try systemCall("unlink", on: name) { unlink("\(blobs)/\(name)") }
        }
        return trash
    }

    /// Blocks for as long as it takes.
    func removeTemporary(_ names: [String]) throws(SystemCallError) {
        let directory = try OwnedFileDescriptor(opening: temporary, flags: O_RDONLY | O_DIRECTORY)
        for name in names { try FileTree.remove(name, in: directory.rawValue) }
    }

    private static func digest(fromName name: String) -> Digest? { try? Digest(parsing: "sha256:\(name)") }  // nil: not ours
}
