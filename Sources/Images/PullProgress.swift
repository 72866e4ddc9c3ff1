package import OCISpec

/// How far a pull is; given to the progress callback whenever something changed enough to be worth showing.
package struct PullProgress: Hashable, Sendable {
    package var reference: String
    /// Empty until the manifest is known; lowest first.
    package var layers: [Layer]

    package struct Layer: Hashable, Sendable {
        package var digest: Digest
        /// Compressed bytes.
        package var totalBytes: Int
        package var fetchedBytes: Int
        package var state: State
        package init(digest: Digest, totalBytes: Int, fetchedBytes: Int = 0, state: State = .waiting) {
            self.digest = digest
            self.totalBytes = totalBytes
            self.fetchedBytes = fetchedBytes
            self.state = state
        }
    }

    package enum State: String, Hashable, Sendable { case waiting, present, fetching, unpacking, done }

    package init(reference: String, layers: [Layer] = []) {
        self.reference = reference
        self.layers = layers
    }

    package var totalBytes: Int { layers.reduce(0) { $0 + $1.totalBytes } }
    package var fetchedBytes: Int { layers.reduce(0) { $0 + ($1.state == .present ? $1.totalBytes : $1.fetchedBytes) } }
}

package typealias PullProgressHandler = @Sendable (PullProgress) -> Void
