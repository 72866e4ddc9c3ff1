import FoundationEssentials
import LinuxSystem
import OCISpec

/// `index.json`: what the store holds.
struct StoreIndex: Codable, Hashable, Sendable {
    var version = 1
    var images: [Record] = []

    struct Record: Codable, Hashable, Sendable {
        var id: Digest
        var names: [String]
        var repoDigests: [String]
        /// The manifests it was pulled by; kept as blobs, like the configuration.
        var manifests: [Digest]
        /// Chain ids, lowest first.
        var layers: [Digest]
        var sizeBytes: Int
        /// Seconds since 1970.
        var storedAt: Int

        var blobs: [Digest] { [id] + manifests }
    }

    static func read(from path: String) throws(ImageError) -> StoreIndex {
        do {
            return try JSONDecoder().decode(StoreIndex.self, from: Data(try DurableFile.read(path)))
        } catch let error as SystemCallError where error.isNotFound {
            return StoreIndex()
        } catch {
            throw .invalidDocument(path, detail: "\(error)")
        }
    }

    func write(to path: String) throws(ImageError) {
        let bytes: [UInt8]
        do { bytes = try [UInt8](JSONEncoder.sorted.encode(self)) } catch { throw .invalidDocument(path, detail: "\(error)") }
        do { try DurableFile.write(bytes, to: path) } catch { throw ImageError(error, in: path) }
    }

    /// Adds an image, or gives one that is there more names. A name belongs to one image: the last one it was given to.
    mutating func add(_ record: Record) {
        for position in images.indices where images[position].id != record.id {
            images[position].names.removeAll(where: record.names.contains)
            images[position].repoDigests.removeAll(where: record.repoDigests.contains)
        }
        if let position = images.firstIndex(where: { $0.id == record.id }) {
            images[position].names = Self.union(images[position].names, record.names)
            images[position].repoDigests = Self.union(images[position].repoDigests, record.repoDigests)
            images[position].manifests = Self.union(images[position].manifests, record.manifests)
        } else {
            images.append(record)
        }
    }

    private static func union<Value: Hashable & Comparable>(_ left: [Value], _ right: [Value]) -> [Value] {
        Set(left).union(right).sorted()
    }
}

/// `layer.json`: says that a layer is whole.
struct LayerMarker: Codable, Hashable, Sendable {
    /// Digest of the uncompressed tar it was unpacked from.
    var diffID: Digest
    /// Bytes of the files' contents and of their inodes, roughly what they take on disk.
    var sizeBytes: Int
    var entries: Int

    static func read(from layer: LayerDirectory) -> LayerMarker? {
        // An unreadable marker and a missing one mean the same: the layer cannot be trusted.
        guard let bytes = try? DurableFile.read(layer.marker, limit: 1 << 16) else { return nil }
        return try? JSONDecoder().decode(LayerMarker.self, from: Data(bytes))
    }
}

extension JSONEncoder {
    static var sorted: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }
}
