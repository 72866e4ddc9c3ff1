import OCISpec

extension PullProgress {
    /// One line for a terminal: `example.com/web:1: 3 of 5 layers, 12.4 of 40.1 MiB`.
    package var summary: String {
        guard !layers.isEmpty else { return "\(reference): resolving" }
        let done = layers.count { $0.state == .done || $0.state == .present }
        return "\(reference): \(done) of \(layers.count) layers, \(Self.mebibytes(fetchedBytes)) of \(Self.mebibytes(totalBytes)) MiB"
    }

    /// One line for each layer: the beginning of its digest, and where it is.
    package var lines: [String] {
        layers.map { layer in
            let state =
                switch layer.state {
                case .waiting: "waiting"
                case .present: "already here"
                case .fetching: "fetching \(Self.mebibytes(layer.fetchedBytes)) of \(Self.mebibytes(layer.totalBytes)) MiB"
                case .unpacking: "unpacking"
                case .done: "done"
                }
            return "\(layer.digest.hex.prefix(12)): \(state)"
        }
    }

    /// With one decimal, rounded down: what is not all there never reads as if it were.
    static func mebibytes(_ bytes: Int) -> String {
        let tenths = (bytes * 10) >> 20
        return "\(tenths / 10).\(tenths % 10)"
    }
}
