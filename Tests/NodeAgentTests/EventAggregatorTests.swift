import FoundationEssentials
import KubeAPI
import Testing

@testable import NodeAgent

@Suite("Event aggregation")
struct EventAggregatorTests {
    let pod = ObjectReference(kind: "Pod", namespace: "shop", name: "web-0", uid: "u1")
    let start = Date(timeIntervalSince1970: 1_800_000_000)

    @Test("the same note again is the same event with a higher count, also when its object has changed meanwhile")
    func counts() {
        var aggregator = EventAggregator(component: "kubelet", host: "n1")
        var note = EventNote(.warning, "BackOff", "back-off", about: pod)
        let first = aggregator.event(for: note, at: start)
        note.object.resourceVersion = "42"
        let second = aggregator.event(for: note, at: start.addingTimeInterval(60))
        #expect(first?.metadata.name == second?.metadata.name)
        #expect(first?.count == 1)
        #expect(second?.count == 2)
        #expect(second?.firstTimestamp == first?.firstTimestamp)
        #expect(second?.lastTimestamp == Timestamp(start.addingTimeInterval(60)))
    }

    @Test("another message, and the same one an hour later, begin a new event")
    func fresh() {
        var aggregator = EventAggregator(component: "kubelet", host: "n1")
        let note = EventNote(.normal, "Pulled", "one", about: pod)
        let first = aggregator.event(for: note, at: start)
        let other = aggregator.event(for: EventNote(.normal, "Pulled", "two", about: pod), at: start)
        let later = aggregator.event(for: note, at: start.addingTimeInterval(3700))
        #expect(Set([first, other, later].map(\.?.metadata.name)).count == 3)
        #expect(later?.count == 1)
    }

    @Test("from the tenth message of one kind on, they are one event with a growing count")
    func combined() {
        var aggregator = EventAggregator(component: "kubelet", host: "n1")
        let events = (0..<12).compactMap { index in
            aggregator.event(for: EventNote(.warning, "Unhealthy", "answer \(index)", about: pod), at: start.addingTimeInterval(Double(index)))
        }
        #expect(Set(events.map(\.metadata.name)).count == 10)
        #expect(events[8].message == "answer 8")
        #expect(events[11].message == "(combined from similar events): answer 11")
        #expect(events.map(\.count) == [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 3])
        // Another kind is not drawn in, and after ten quiet minutes messages speak for themselves again.
        #expect(aggregator.event(for: EventNote(.normal, "Pulled", "image", about: pod), at: start.addingTimeInterval(12))?.message == "image")
        #expect(aggregator.event(for: EventNote(.warning, "Unhealthy", "late", about: pod), at: start.addingTimeInterval(700))?.message == "late")
    }

    @Test("an object of which much is heard goes quiet after 25 events, then speaks every five minutes; others are heard")
    func quiet() {
        var aggregator = EventAggregator(component: "kubelet", host: "n1")
        let note = EventNote(.warning, "BackOff", "back-off", about: pod)
        let heard = (0..<40).compactMap { aggregator.event(for: note, at: start.addingTimeInterval(Double($0))) }
        #expect(heard.count == 25)
        var other = note
        other.object.uid = "u2"
        #expect(aggregator.event(for: other, at: start.addingTimeInterval(40)) != nil)
        // What was not heard is counted all the same.
        #expect(aggregator.event(for: note, at: start.addingTimeInterval(301))?.count == 41)
        #expect(aggregator.event(for: note, at: start.addingTimeInterval(302)) == nil)
    }

    @Test("of an object that is gone nothing is remembered, of the others everything")
    func forgetting() {
        var aggregator = EventAggregator(component: "kubelet", host: "n1")
        let note = EventNote(.warning, "BackOff", "back-off", about: pod)
        var other = note
        other.object.uid = "u2"
        for note in [note, other] { _ = aggregator.event(for: note, at: start) }
        aggregator.forget(uid: "u1")
        #expect(aggregator.event(for: note, at: start.addingTimeInterval(1))?.count == 1)
        #expect(aggregator.event(for: other, at: start.addingTimeInterval(1))?.count == 2)
    }

    @Test("an object of which ever new things are told is remembered in bounds as well")
    func talkative() {
        var aggregator = EventAggregator(component: "kubelet", host: "n1")
        func note(_ index: Int) -> EventNote { EventNote(.normal, "Reason\(index)", "message", about: pod) }
        for index in 0..<300 { _ = aggregator.event(for: note(index), at: start.addingTimeInterval(Double(index))) }
        #expect(aggregator.event(for: note(299), at: start.addingTimeInterval(3000))?.count == 2)
        #expect(aggregator.event(for: note(0), at: start.addingTimeInterval(3301))?.count == 1)
    }

    @Test("memory is bounded, and keeps what is young")
    func bounded() {
        var aggregator = EventAggregator(component: "kubelet", host: "n1")
        func note(_ index: Int) -> EventNote {
            EventNote(.normal, "Pulled", "image", about: ObjectReference(kind: "Pod", namespace: "shop", name: "web-\(index)", uid: "u\(index)"))
        }
        for index in 0..<3000 { _ = aggregator.event(for: note(index), at: start.addingTimeInterval(Double(index))) }
        #expect(aggregator.event(for: note(2999), at: start.addingTimeInterval(3000))?.count == 2)
        #expect(aggregator.event(for: note(0), at: start.addingTimeInterval(3001))?.count == 1)
    }
}
