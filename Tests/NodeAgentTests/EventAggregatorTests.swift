import FoundationEssentials
import KubeAPI
import Testing

@testable import NodeAgent

@Suite("Event aggregation")
struct EventAggregatorTests {
    let pod = ObjectReference(kind: "Pod", namespace: "shop", name: "web-0", uid: "u1")
    let start = Date(timeIntervalSince1970: 1_800_000_000)

    @Test("the same note again is the same event with a higher count")
    func counts() {
        var aggregator = EventAggregator(component: "kubelet", host: "n1")
        let note = EventNote(.warning, "BackOff", "back-off", about: pod)
        let first = aggregator.event(for: note, at: start)
        let second = aggregator.event(for: note, at: start.addingTimeInterval(60))
        #expect(first.metadata.name == second.metadata.name)
        #expect((first.count, second.count) == (1, 2))
        #expect(second.firstTimestamp == first.firstTimestamp)
        #expect(second.lastTimestamp == Timestamp(start.addingTimeInterval(60)))
    }

    @Test("another message, and the same one an hour later, begin a new event")
    func fresh() {
        var aggregator = EventAggregator(component: "kubelet", host: "n1")
        let note = EventNote(.normal, "Pulled", "one", about: pod)
        let first = aggregator.event(for: note, at: start)
        let other = aggregator.event(for: EventNote(.normal, "Pulled", "two", about: pod), at: start)
        let later = aggregator.event(for: note, at: start.addingTimeInterval(3700))
        #expect(Set([first, other, later].map(\.metadata.name)).count == 3)
        #expect(later.count == 1)
    }

    @Test("memory is bounded")
    func bounded() {
        var aggregator = EventAggregator(component: "kubelet", host: "n1")
        for index in 0..<3000 {
            _ = aggregator.event(for: EventNote(.normal, "Pulled", "\(index)", about: pod), at: start.addingTimeInterval(Double(index)))
        }
        #expect(aggregator.event(for: EventNote(.normal, "Pulled", "2999", about: pod), at: start.addingTimeInterval(3000)).count == 2)
    }
}
