/// A pointer to content: what it is, its digest and its size. Source: OCI image spec, descriptor.md.
package struct Descriptor: Codable, Hashable, Sendable {
    package var mediaType: MediaType
    package var digest: Digest
    /// Bytes.
    package var size: Int
    /// Where else the content may be fetched from.
    package var urls: [String]?
    package var annotations: [String: String]?
    /// In an index: what the manifest runs on.
    package var platform: Platform?

    package init(mediaType: MediaType, digest: Digest, size: Int, annotations: [String: String]? = nil, platform: Platform? = nil) {
        self.mediaType = mediaType
        self.digest = digest
        self.size = size
        self.annotations = annotations
        self.platform = platform
    }
}
