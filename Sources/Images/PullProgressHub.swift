import OCISpec
import Synchronization

/// Where a pull's progress is added up, and told to everyone who waits for it.
final class PullProgressHub: Sendable {
    private struct State {
        var progress: PullProgress
        var handlers: [Int: PullProgressHandler] = [:]
        var reportedBytes = 0
    }

    private let state: Mutex<State>

    /// Bytes between two reports of the same state.
    private static let interval = 1 << 20

    init(reference: String) { state = Mutex(State(progress: PullProgress(reference: reference))) }

    func add(_ handler: @escaping PullProgressHandler, id: Int) { state.withLock { $0.handlers[id] = handler } }

    var progress: PullProgress { state.withLock { $0.progress } }

    func remove(_ id: Int) { state.withLock { _ = $0.handlers.removeValue(forKey: id) } }

    func begin(_ layers: [PullProgress.Layer]) {
        report { $0.progress.layers = layers; return true }
    }

    func set(_ position: Int, _ layer: PullProgress.State) {
        report { state in
            guard state.progress.layers.indices.contains(position) else { return false }
            state.progress.layers[position].state = layer
            return true
        }
    }

    /// - Parameter bytes: of the layer so far, compressed.
    func fetched(_ position: Int, bytes: Int) {
        report { state in
            guard state.progress.layers.indices.contains(position) else { return false }
            state.progress.layers[position].fetchedBytes = bytes
            let total = state.progress.fetchedBytes
            guard abs(total - state.reportedBytes) >= Self.interval else { return false }
            state.reportedBytes = total
            return true
        }
    }

    /// Handlers are called outside the lock, so that one may ask for something in turn.
    private func report(_ change: (inout State) -> Bool) {
        let (progress, handlers): (PullProgress, [PullProgressHandler]) = state.withLock { state in
            change(&state) ? (state.progress, Array(state.handlers.values)) : (state.progress, [])
        }
        for handler in handlers { handler(progress) }
    }
}
