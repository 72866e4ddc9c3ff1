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

    /// Of the references with a digest, that of the repository `name` names; else any; nil when there is none.
    package func pinned(as name: String) -> String? {
        // What is no reference is an id, which names no repository.
        let wanted = (try? ImageReference(parsing: name)).map { "\($0.registry)/\($0.repository)@" }
        return repoDigests.first { digest in wanted.map(digest.hasPrefix) ?? true } ?? repoDigests.first
    }
}
