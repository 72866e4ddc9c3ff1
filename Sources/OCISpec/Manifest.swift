/// One image for one platform: a configuration, and its layers, lowest first.
/// Docker's schema 2 has the same shape. Source: OCI image spec, manifest.md.
package struct Manifest: Codable, Hashable, Sendable {
    package var schemaVersion: Int
    package var mediaType: MediaType?
    package var config: Descriptor
    package var layers: [Descriptor]
    package var annotations: [String: String]?

    package init(config: Descriptor, layers: [Descriptor]) {
        schemaVersion = 2
        mediaType = .imageManifest
        self.config = config
        self.layers = layers
    }
}
