import KubeAPI

/// The events of this node since the daemon started, newest last: for whoever is on the node and cannot ask the API server.
struct RecentEvents: Sendable {
    private static let capacity = 256
    /// How many more are kept until they are let go together.
    private static let slack = 64
    private var events: [Event] = []

    /// A repeated event takes the place of its earlier count.
    mutating func append(_ event: Event) {
        if event.count > 1 {
            events.removeAll { $0.metadata.name == event.metadata.name && $0.metadata.namespace == event.metadata.namespace }
        }
        events.append(event)
        if events.count >= Self.capacity + Self.slack { events.removeFirst(events.count - Self.capacity) }
    }

    var all: [Event] { events.suffix(Self.capacity) }
}
