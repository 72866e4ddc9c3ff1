package import OCISpec

/// An image that is unpacked on this machine and ready to run.
package struct StoredImage: Hashable, Sendable {
    /// `sha256:` and 64 digits: the digest of the image's configuration, the same for the same content wherever it came from.
    package var id: String
    /// Canonical references with a tag, sorted: `docker.io/library/nginx:1.27`.
    package var names: [String]
    /// `docker.io/library/nginx@sha256:...`, sorted; the digest is of the index or manifest the registry answered with.
    package var repoDigests: [String]
    /// Directories ready as `lowerdir` of overlayfs, lowest first.
    package var layers: [String]
    package var config: ImageConfig
    /// Bytes the unpacked layers take; layers shared with another image count in both.
    package var sizeBytes: Int
    /// Text of the image's `/etc/passwd` and `/etc/group`, empty when it has none: named users are looked up there.
    package var passwd: String
    package var group: String
}
