import FoundationEssentials
import KubeAPI

/// What a controller works on: one object, by place. A controller of everything at once has one item, `.everything`.
struct WorkItem: Hashable, Sendable {
    var namespace = ""
    var name = ""
    static let everything = WorkItem()
}

/// Decides, for one item at a time, what has to change. Deciding is pure: it reads a view of the objects and answers a plan.
protocol Controller: Sendable {
    var name: String { get }
    /// A change of an object of these resources may concern it.
    var watched: [Resource] { get }
    /// Which items a change concerns; `object` is the changed object, in its last state when it is gone.
    func items(concernedBy object: JSONValue, of resource: Resource, isGone: Bool, in objects: any ObjectReader) -> [WorkItem]
    func plan(_ item: WorkItem, in objects: any ObjectReader, now: Date) -> Plan
}

extension JSONValue {
    var workItem: WorkItem { WorkItem(namespace: meta.namespace, name: meta.name) }
}
