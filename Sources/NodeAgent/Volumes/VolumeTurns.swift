/// Who may mount a node's volume, or take it away after its last pod: one at a time for each volume. Otherwise a pod could
/// find it mounted, and start on the empty directory that the end of another pod leaves there a moment later.
actor VolumeTurns {
    /// Those who wait, by volume id; there is an entry for every volume that somebody has.
    private var waiting: [String: [CheckedContinuation<Void, Never>]] = [:]

    func take(_ id: String) async {
        guard waiting[id] != nil else {
            waiting[id] = []
            return
        }
        await withCheckedContinuation { waiting[id]?.append($0) }
    }

    func pass(_ id: String) {
        guard waiting[id]?.isEmpty == false else {
            waiting[id] = nil
            return
        }
        waiting[id]?.removeFirst().resume()
    }
}
