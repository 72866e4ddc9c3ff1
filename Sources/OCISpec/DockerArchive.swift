/// One entry of `manifest.json`, the table of contents of a `docker save` archive.
/// Source: moby image spec v1.2, "Combined Image JSON + Filesystem Changeset Format".
package struct DockerArchiveImage: Codable, Hashable, Sendable {
    /// Path of the configuration inside the archive.
    package var config: String
    package var repoTags: [String]?
    /// Paths of the layers inside the archive, lowest first.
    package var layers: [String]

    enum CodingKeys: String, CodingKey { case config = "Config", repoTags = "RepoTags", layers = "Layers" }

    package init(config: String, repoTags: [String]?, layers: [String]) {
        self.config = config
        self.repoTags = repoTags
        self.layers = layers
    }
}
