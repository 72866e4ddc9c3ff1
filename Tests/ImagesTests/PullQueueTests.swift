import OCISpec
import Testing

@testable import Images

@Suite("Pull queue and progress")
struct PullQueueTests {
    @Test("pulls beyond the limit wait for their turn, in order")
    func order() {
        var queue = PullQueue(limit: 2)
        #expect([1, 2, 3, 4].map { queue.begin($0) } == [true, true, false, false])
        #expect(queue.end(2) == 3)
        #expect(queue.end(1) == 4)
        #expect(queue.end(3) == nil)
        #expect(queue.end(4) == nil)
        #expect(queue.running.isEmpty && queue.waiting.isEmpty)
    }

    @Test("who gives up waiting frees nobody, and loses the turn")
    func givingUp() {
        var queue = PullQueue(limit: 0)
        _ = [1, 2, 3].map { queue.begin($0) }
        #expect(queue.end(2) == nil)
        #expect(queue.end(1) == 3)
        #expect(queue.end(7) == nil)
        #expect(queue.running == [3])
    }

    @Test("progress reads as what is there and what is to come")
    func text() {
        var progress = PullProgress(reference: "example.com/web:1")
        #expect(progress.summary == "example.com/web:1: resolving")
        progress.layers = [
            .init(digest: Digest(of: [1]), totalBytes: 10 << 20, state: .present),
            .init(digest: Digest(of: [2]), totalBytes: 30 << 20, fetchedBytes: (3 << 20) - 1, state: .fetching),
        ]
        #expect(progress.summary == "example.com/web:1: 1 of 2 layers, 12.9 of 40.0 MiB")
        #expect(progress.lines.map { $0.dropFirst(14) } == ["already here", "fetching 2.9 of 30.0 MiB"])
    }
}
