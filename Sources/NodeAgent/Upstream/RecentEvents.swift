import KubeAPI

/// The events of this node since the daemon started, newest last: for whoever is on the node and cannot ask the API server.
struct RecentEvents: Sendable {
    private static let capacity = 512
    private var events: [Event] = []

    /// A repeated event takes the place of its earlier count.
    mutating func append(_ event: Event) {
        events.removeAll { $0.metadata.name == event.metadata.name && $0.metadata.namespace == event.metadata.namespace }
        events.append(event)
        if events.count > Self.capacity { events.removeFirst(events.count - Self.capacity) }
    }

    var all: [Event] { events }
}
