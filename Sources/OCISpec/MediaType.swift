/// What a descriptor's content is. Any text is a media type; the known ones are named here.
/// Source: OCI image spec, media-types.md; Docker distribution, "Image Manifest Version 2, Schema 2".
package struct MediaType: RawRepresentable, Hashable, Codable, Sendable, CustomStringConvertible {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }
    package var description: String { rawValue }

    package static let imageIndex = MediaType(rawValue: "application/vnd.oci.image.index.v1+json")
    package static let imageManifest = MediaType(rawValue: "application/vnd.oci.image.manifest.v1+json")
    package static let imageConfig = MediaType(rawValue: "application/vnd.oci.image.config.v1+json")
    package static let dockerManifestList = MediaType(rawValue: "application/vnd.docker.distribution.manifest.list.v2+json")
    package static let dockerManifest = MediaType(rawValue: "application/vnd.docker.distribution.manifest.v2+json")
    package static let dockerConfig = MediaType(rawValue: "application/vnd.docker.container.image.v1+json")

    /// A list of manifests, one per platform.
    package var isIndex: Bool { self == .imageIndex || self == .dockerManifestList }
    package var isManifest: Bool { self == .imageManifest || self == .dockerManifest }
    package var isConfig: Bool { self == .imageConfig || self == .dockerConfig }

    /// A tar of a layer's files, plain or compressed by gzip or zstd. "Foreign" and "nondistributable" layers are tars
    /// like any other, only stored elsewhere.
    package var isLayer: Bool {
        let tars = [
            "application/vnd.oci.image.layer.v1.tar", "application/vnd.oci.image.layer.nondistributable.v1.tar",
            "application/vnd.docker.image.rootfs.diff.tar", "application/vnd.docker.image.rootfs.foreign.diff.tar",
        ]
        let compressions = ["", "+gzip", "+zstd", ".gzip", ".zstd"]
        return tars.contains { tar in compressions.contains { rawValue == tar + $0 } }
    }
}
