/// Manifests to choose from by platform; also `index.json` of an image layout. Docker's manifest list has the same shape.
/// Source: OCI image spec, image-index.md.
package struct ImageIndex: Codable, Hashable, Sendable {
    package var schemaVersion: Int
    package var mediaType: MediaType?
    package var manifests: [Descriptor]
    package var annotations: [String: String]?

    package init(manifests: [Descriptor]) {
        schemaVersion = 2
        mediaType = .imageIndex
        self.manifests = manifests
    }

    /// The manifest, or nested index, that suits `host` best. An entry without a platform suits any, but only when none
    /// names its platform; of equals the first wins, as the specification asks.
    package func manifest(for host: Platform) -> Descriptor? {
        let known = manifests.filter { $0.mediaType.isManifest || $0.mediaType.isIndex }
        var best: (descriptor: Descriptor, suitability: Int)?
        for descriptor in known {
            guard let suitability = descriptor.platform?.suitability(on: host) else { continue }
            if best.map({ suitability > $0.suitability }) ?? true { best = (descriptor, suitability) }
        }
        return best?.descriptor ?? known.first { $0.platform == nil }
    }

    /// The platforms it offers, for an error message; attestations ("unknown/unknown") are no platform.
    package var platforms: [Platform] { manifests.compactMap(\.platform).filter { $0.os != "unknown" } }
}

/// Annotation keys that say what an image in a layout is called. Source: OCI image spec, annotations.md; containerd's importer.
package enum ImageAnnotation {
    package static let referenceName = "org.opencontainers.image.ref.name"
    package static let imageName = "io.containerd.image.name"
}
