import FoundationEssentials
package import KubeAPI
package import Ledger
import Synchronization

/// Takes notes of what happens and puts them, aggregated, into the outbox. Never blocks, never fails: an event is a
/// pity to lose, but no more.
package final class EventRecorder: Sendable {
    private let aggregator: Mutex<EventAggregator>
    private let recent = Mutex(RecentEvents())
    private let ledger: Ledger
    private let outbox: StatusOutbox

    package init(component: String, nodeName: String, ledger: Ledger, outbox: StatusOutbox) {
        aggregator = Mutex(EventAggregator(component: component, host: nodeName))
        self.ledger = ledger
        self.outbox = outbox
    }

    package func record(_ note: EventNote) {
        let now = Date()
        guard let event = aggregator.withLock({ $0.event(for: note, at: now) }) else { return }
        recent.withLock { $0.append(event) }
        ledger.post { try $0.send(.event(event), at: now) } done: { [outbox] in outbox.kick(.event) }
    }

    /// The object is gone: should another have its uid, which a static pod's successor does, that one's events begin anew.
    package func forget(uid: String) { aggregator.withLock { $0.forget(uid: uid) } }

    /// What was recorded since the daemon started, at most the last 256.
    package func recentEvents() -> [Event] { recent.withLock { $0.all } }

    package func record(_ kind: EventNote.Kind, _ reason: String, _ message: String, about pod: Pod, container: String? = nil) {
        record(EventNote(kind, reason, message, about: pod.reference(container: container)))
    }
}

extension Pod {
    /// How events name this pod, or one of its containers.
    func reference(container: String? = nil) -> ObjectReference {
        let field: String
        if let container {
            let list =
                spec.initContainers.contains { $0.name == container }
                ? "initContainers" : spec.containers.contains { $0.name == container } ? "containers" : "ephemeralContainers"
            field = "spec.\(list){\(container)}"
        } else {
            field = ""
        }
        return ObjectReference(
            apiVersion: Pod.apiVersion, kind: Pod.kind, namespace: metadata.namespace, name: metadata.name, uid: metadata.uid,
            resourceVersion: metadata.resourceVersion, fieldPath: field)
    }
}
