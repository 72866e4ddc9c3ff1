package import OCISpec

/// When unused images go. Source: Kubernetes kubelet configuration, `imageGCHighThresholdPercent` and its neighbours.
package struct ImageGarbagePolicy: Hashable, Sendable {
    /// Disk use that starts a collection, and the one it goes on to. Percent, 0...100.
    package var highThresholdPercent: Int
    package var lowThresholdPercent: Int
    /// An image younger, or used more recently, stays whatever the disk says.
    package var minimumAge: Duration
    /// An image unused for longer goes whatever the disk says; `nil` is never.
    package var maximumAge: Duration?

    package init(
        highThresholdPercent: Int = 85, lowThresholdPercent: Int = 80, minimumAge: Duration = .seconds(120), maximumAge: Duration? = nil
    ) {
        self.highThresholdPercent = highThresholdPercent
        self.lowThresholdPercent = lowThresholdPercent
        self.minimumAge = minimumAge
        self.maximumAge = maximumAge
    }
}

/// Of the file system that holds the images. Bytes.
package struct DiskUse: Hashable, Sendable {
    package var capacity: Int
    package var available: Int
    package init(capacity: Int, available: Int) {
        self.capacity = capacity
        self.available = available
    }
    package var usedPercent: Int { capacity > 0 ? 100 - available * 100 / capacity : 0 }
}

/// An image as the collector sees it.
package struct ImageCandidate: Hashable, Sendable {
    package var id: String
    /// Chain ids, with what each takes; a layer is freed when the last image with it goes. Bytes.
    package var layers: [Digest: Int]
    /// Seconds since 1970.
    package var lastUsed: Int
    package init(id: String, layers: [Digest: Int], lastUsed: Int) {
        self.id = id
        self.layers = layers
        self.lastUsed = lastUsed
    }
}

/// The images to remove, least recently used first.
/// - Parameters:
///   - inUse: ids of images that a container, running or not, was made from.
///   - now: seconds since 1970.
package func garbage(
    among images: [ImageCandidate], inUse: Set<String>, disk: DiskUse, policy: ImageGarbagePolicy, now: Int
) -> [String] {
    var owners: [Digest: Int] = [:]
    for image in images { for layer in image.layers.keys { owners[layer, default: 0] += 1 } }
    var toFree = disk.usedPercent >= policy.highThresholdPercent
        ? disk.capacity * (100 - policy.lowThresholdPercent) / 100 - disk.available : 0
    var removed: [String] = []
    let unused = images.filter { !inUse.contains($0.id) }.sorted { ($0.lastUsed, $0.id) < ($1.lastUsed, $1.id) }
    for image in unused {
        let age = Duration.seconds(now - image.lastUsed)
        let isTooOld = policy.maximumAge.map { age > $0 } ?? false
        guard isTooOld || toFree > 0 && age >= policy.minimumAge else { continue }
        removed.append(image.id)
        for (layer, bytes) in image.layers {
            owners[layer, default: 1] -= 1
            if owners[layer] == 0 { toFree -= bytes }
        }
    }
    return removed
}
