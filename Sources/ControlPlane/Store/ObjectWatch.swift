import Synchronization

/// The events of one watch, in revision order. It ends when the reader is cancelled, lets go of it, or falls too far behind.
package final class ObjectWatch: AsyncSequence, Sendable {
    private let stream: AsyncStream<WatchEvent>
    private let onEnd: @Sendable () -> Void

    init(stream: AsyncStream<WatchEvent>, onEnd: @escaping @Sendable () -> Void) {
        self.stream = stream
        self.onEnd = onEnd
    }

    deinit { onEnd() }

    /// Ends the sequence after the events that were already sent.
    package func end() { onEnd() }

    package struct AsyncIterator: AsyncIteratorProtocol {
        /// Keeps the watch registered while it is read.
        fileprivate let watch: ObjectWatch
        fileprivate var events: AsyncStream<WatchEvent>.Iterator
        package mutating func next() async -> WatchEvent? { await events.next() }
    }

    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(watch: self, events: stream.makeAsyncIterator()) }
}
