/// Opens once, for everybody who waits for it.
struct Gate: Sendable {
    private let stream: AsyncStream<Never>
    private let continuation: AsyncStream<Never>.Continuation

    init(isOpen: Bool = false) {
        (stream, continuation) = AsyncStream.makeStream()
        if isOpen { open() }
    }

    func open() { continuation.finish() }

    /// Returns when the gate is open, or when one of those who wait is cancelled: the daemon then ends as a whole.
    func wait() async {
        for await _ in stream {}
    }
}
