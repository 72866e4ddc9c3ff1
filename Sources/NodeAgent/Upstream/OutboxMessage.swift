package import FoundationEssentials
package import KubeAPI

/// What the outbox holds for the API server, as it is stored.
package enum OutboxMessage: Codable, Hashable, Sendable {
    case status(PodReference, PodStatus)
    case event(Event)
    /// The pod is over and cleaned up: its object may go.
    case deletion(PodReference)

    var isEvent: Bool { if case .event = self { true } else { false } }

    package init(stored: Data) throws { self = try JSONDecoder().decode(OutboxMessage.self, from: stored) }
    package func stored() throws -> Data { try JSONEncoder().encode(self) }
}

package struct PodReference: Codable, Hashable, Sendable {
    package var namespace: String
    package var name: String
    package var uid: String

    package init(_ pod: Pod) {
        namespace = pod.metadata.namespace
        name = pod.metadata.name
        uid = pod.metadata.uid
    }

    package init(namespace: String, name: String, uid: String) {
        self.namespace = namespace
        self.name = name
        self.uid = uid
    }
}
