import OCISpec

/// What a registry or a layout says an image is: one manifest, or one for each platform.
enum ManifestDocument: Hashable, Sendable {
    case manifest(Manifest)
    case index(ImageIndex)

    /// What is looked at before the rest is believed.
    private struct Shape: Decodable {
        var mediaType: MediaType?
        var manifests: [Ignored]?
        var config: Ignored?
        var layers: [Ignored]?
        struct Ignored: Decodable {
            init(from decoder: any Decoder) {}
        }
    }

    /// - Parameter type: what the descriptor or the `Content-Type` calls it, where there is one.
    /// - Throws: for documents that could be read as either: two readers must never see different images under one digest.
    init(parsing bytes: [UInt8], type declared: MediaType?, subject: String) throws(ImageError) {
        let shape = try decode(Shape.self, from: bytes, subject: subject)
        let isIndex = shape.manifests != nil
        guard isIndex != (shape.config != nil || shape.layers != nil) else {
            if let declared, !declared.isIndex, !declared.isManifest { throw .unsupportedMediaType(declared.rawValue, subject: subject) }
            throw .invalidDocument(subject, detail: isIndex ? "it is both an index and a manifest" : "it is neither an index nor a manifest")
        }
        for type in [declared, shape.mediaType].compactMap(\.self) where type.isIndex != isIndex || type.isManifest == isIndex {
            // A server that does not know says nothing useful; one that knows something else is believed.
            if ["application/json", "application/octet-stream", "text/plain"].contains(type.rawValue) { continue }
            throw .unsupportedMediaType(type.rawValue, subject: subject)
        }
        if isIndex {
            self = .index(try decode(ImageIndex.self, from: bytes, subject: subject))
        } else {
            let manifest = try decode(Manifest.self, from: bytes, subject: subject)
            guard manifest.config.mediaType.isConfig else {
                throw .unsupportedMediaType(manifest.config.mediaType.rawValue, subject: "the configuration of \(subject)")
            }
            self = .manifest(manifest)
        }
    }

    /// Largest manifest or index taken. Bytes. Source: OCI distribution spec, "Pushing Manifests".
    static let maximumSize = 4 << 20
    /// Largest configuration taken. Bytes.
    static let maximumConfigSize = 8 << 20

    /// Follows indexes down to the manifest for `platform`.
    /// - Parameter fetch: the bytes of a descriptor, checked against it.
    /// - Returns: the manifest, and every document on the way to it.
    static func resolve(
        _ bytes: [UInt8], type: MediaType?, subject: String, platform: Platform,
        fetch: (Descriptor) async throws(ImageError) -> [UInt8]
    ) async throws(ImageError) -> (manifest: Manifest, documents: [Digest: [UInt8]]) {
        var document = try ManifestDocument(parsing: bytes, type: type, subject: "the manifest of '\(subject)'")
        var documents = [Digest(of: bytes): bytes]
        for _ in 0..<4 {
            switch document {
            case .manifest(let manifest): return (manifest, documents)
            case .index(let index):
                guard let descriptor = index.manifest(for: platform) else {
                    throw .noMatchingPlatform(subject, wanted: platform, offered: index.platforms)
                }
                let bytes = try await fetch(descriptor)
                documents[descriptor.digest] = bytes
                document = try ManifestDocument(parsing: bytes, type: descriptor.mediaType, subject: "the manifest of '\(subject)'")
            }
        }
        throw .invalidDocument("the manifest of '\(subject)'", detail: "indexes are nested too deeply")
    }
}
