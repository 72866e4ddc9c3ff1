package import KubeAPI

/// One object of the API, by its resource and place. `namespace` is empty for resources of the whole cluster.
package struct Target: Hashable, Sendable, CustomStringConvertible {
    package let resource: Resource
    package let namespace: String
    package let name: String

    package init(_ resource: Resource, namespace: String = "", name: String) {
        self.resource = resource
        self.namespace = namespace
        self.name = name
    }

    package var description: String { namespace.isEmpty ? "\(resource.plural)/\(name)" : "\(resource.plural)/\(namespace)/\(name)" }
}

extension JSONValue {
    /// Where this object is stored.
    ///
    /// - Precondition: it comes from the store or from a controller, so the catalogue knows its kind.
    var target: Target {
        guard let resource = ResourceCatalog.resource(text("apiVersion"), kind: kindName) else {
            preconditionFailure("no resource for \(text("apiVersion")) \(kindName)")
        }
        return Target(resource, namespace: meta.namespace, name: meta.name)
    }
}

/// One change to the stored objects. A controller's plan is an ordered list of these; whoever carries it out stops at the
/// first that fails, and plans again.
package enum Operation: Hashable, Sendable {
    /// A new object; one without a name gets it from `metadata.generateName`.
    case create(JSONValue, announcing: Announcement? = nil)
    /// A JSON merge patch (RFC 7396) of the object with this `uid`; refused as a conflict when `resourceVersion` is given
    /// and another.
    case patch(Target, uid: String, JSONValue, to: Part = .object, resourceVersion: String? = nil)
    /// `gracePeriod` in seconds; nil takes the object's own.
    case delete(Target, uid: String, gracePeriod: Int? = nil, announcing: Announcement? = nil)
    case record(Occurrence)
    /// Independent lists, carried out side by side.
    indirect case together([[Operation]])

    /// What of an object a patch may change: each part goes through the rules of its own endpoint.
    package enum Part: String, Hashable, Sendable {
        case object = ""
        case status
        /// `spec.nodeName` of a pod.
        case binding
        /// `spec.finalizers` of a namespace.
        case finalize
    }
}

/// The events that follow an operation: one when it succeeded, another when it was refused.
package struct Announcement: Hashable, Sendable {
    let success: Occurrence?
    /// The refusal's message is appended to this one's.
    let failure: Occurrence?
}

/// Something to tell with an Event.
package struct Occurrence: Hashable, Sendable {
    package enum Severity: String, Sendable { case normal = "Normal", warning = "Warning" }

    /// An ObjectReference.
    let subject: JSONValue
    let severity: Severity
    let reason: String
    var message: String
    let component: String
}

/// What a controller decided: what to do now, and when to look again although nothing has changed.
package struct Plan: Hashable, Sendable {
    package var operations: [Operation] = []
    package var lookAgainAfter: Duration?

    mutating func lookAgain(after delay: Duration) { lookAgainAfter = min(lookAgainAfter ?? delay, delay) }

    /// Sets `status` to `wanted` when it is another.
    mutating func setStatus(of object: JSONValue, to wanted: JSONValue) {
        guard let change = mergePatch(from: object["status"] ?? .object([:]), to: wanted) else { return }
        operations.append(.patch(object.target, uid: object.meta.uid, ["status": change], to: .status))
    }
}

/// The merge patch that turns `old` into `new`; nil when they are equal.
func mergePatch(from old: JSONValue, to new: JSONValue) -> JSONValue? {
    guard old != new else { return nil }
    guard let before = old.object, let after = new.object else { return new }
    var patch: [String: JSONValue] = [:]
    for key in before.keys where after[key] == nil { patch[key] = .null }
    for (key, value) in after {
        if let change = mergePatch(from: before[key] ?? .null, to: value) { patch[key] = change }
    }
    return .object(patch)
}
