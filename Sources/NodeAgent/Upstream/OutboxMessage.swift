package import FoundationEssentials
package import KubeAPI

/// What the outbox holds for the API server, as it is stored.
package enum OutboxMessage: Codable, Hashable, Sendable {
    /// A `PodStatus` as JSON: it is only passed on.
    case status(PodReference, JSONValue)
    case event(Event)
    /// The pod is over and cleaned up: its object may go.
    case deletion(PodReference)

    var isEvent: Bool { if case .event = self { true } else { false } }

    package init(stored: Data) throws { self = try JSONValue(parsing: stored).decode(as: OutboxMessage.self) }
    package func stored() throws -> Data { Data(try JSONValue(encoding: self).serialized()) }
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
