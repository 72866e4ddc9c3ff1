/// Source: Kubernetes API reference, Event v1 core.
package struct Event: KubeObject, Hashable {
    package static let apiVersion = "v1"
    package static let kind = "Event"
    package static let resource = "events"

    package var apiVersion = Event.apiVersion
    package var kind = Event.kind
    package var metadata = ObjectMeta()
    package var involvedObject = ObjectReference()
    package var reason = ""
    package var message = ""
    package var source = EventSource()
    package var firstTimestamp: Timestamp?
    package var lastTimestamp: Timestamp?
    package var count = 0
    /// Normal or Warning.
    package var type = ""
    package var reportingComponent = ""
    package var reportingInstance = ""
    package init() {}
}

package struct EventSource: Codable, Hashable, Sendable, GoZero {
    package var component = ""
    package var host = ""
    package init() {}
}
