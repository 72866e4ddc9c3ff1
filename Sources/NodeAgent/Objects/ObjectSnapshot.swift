package import KubeAPI

/// The ConfigMaps and Secrets of one pod, as last read.
package struct ObjectSnapshot: Sendable {
    /// Grows with every change; an older snapshot that arrives late is ignored.
    package var version: Int
    package var configMaps: [String: ConfigMap]
    package var secrets: [String: Secret]
    /// Every object was asked for at least once: what is not in here does not exist.
    package var isComplete: Bool

    package init(version: Int = 0, configMaps: [String: ConfigMap] = [:], secrets: [String: Secret] = [:], isComplete: Bool) {
        self.version = version
        self.configMaps = configMaps
        self.secrets = secrets
        self.isComplete = isComplete
    }

    /// The same versions of the same objects, and as much known of what is missing.
    package func hasSameObjects(as other: ObjectSnapshot) -> Bool {
        isComplete == other.isComplete && versions == other.versions
    }

    private var versions: [[String: String]] {
        [configMaps.mapValues(\.metadata.resourceVersion), secrets.mapValues(\.metadata.resourceVersion)]
    }
}
