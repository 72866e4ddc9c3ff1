/// `metadata` of every object. Source: Kubernetes API reference, ObjectMeta v1.
package struct ObjectMeta: Codable, Hashable, Sendable, GoZero {
    package var name = ""
    package var generateName = ""
    package var namespace = ""
    package var uid = ""
    package var resourceVersion = ""
    package var generation = 0
    package var creationTimestamp: Timestamp?
    package var deletionTimestamp: Timestamp?
    /// Seconds; set by the API server when a deletion begins.
    package var deletionGracePeriodSeconds: Int?
    package var labels: [String: String] = [:]
    package var annotations: [String: String] = [:]
    package var ownerReferences: [OwnerReference] = []
    package var finalizers: [String] = []

    package init() {}

    package init(name: String, namespace: String = "", uid: String = "") {
        self.name = name
        self.namespace = namespace
        self.uid = uid
    }

    /// The same but for the version, which grows with every write to the object, also one of its status.
    package func isSame(as other: ObjectMeta) -> Bool {
        var other = other
        other.resourceVersion = resourceVersion
        return self == other
    }
}

package struct OwnerReference: Codable, Hashable, Sendable {
    package var apiVersion = ""
    package var kind = ""
    package var name = ""
    package var uid = ""
    package var controller: Bool?
    package var blockOwnerDeletion: Bool?

    package init(apiVersion: String, kind: String, name: String, uid: String, controller: Bool? = nil, blockOwnerDeletion: Bool? = nil) {
        self.apiVersion = apiVersion
        self.kind = kind
        self.name = name
        self.uid = uid
        self.controller = controller
        self.blockOwnerDeletion = blockOwnerDeletion
    }
}

package struct LabelSelector: Codable, Hashable, Sendable, GoZero {
    package var matchLabels: [String: String] = [:]
    package var matchExpressions: [LabelSelectorRequirement] = []
    package init() {}
}

/// `operator` is In, NotIn, Exists or DoesNotExist.
package struct LabelSelectorRequirement: Codable, Hashable, Sendable {
    package var key = ""
    package var `operator` = ""
    package var values: [String] = []
}

/// An object that carries its own type, as the API server sends it.
package protocol KubeObject: Codable, Sendable {
    static var apiVersion: String { get }
    static var kind: String { get }
    /// The resource in lower-case plural, as it stands in a path: `pods`.
    static var resource: String { get }
    static var isNamespaced: Bool { get }
    var metadata: ObjectMeta { get set }
}

extension KubeObject {
    package static var isNamespaced: Bool { true }

    /// `/api/v1` or `/apis/<group>/<version>`.
    package static var apiRoot: String { apiVersion.contains("/") ? "/apis/\(apiVersion)" : "/api/\(apiVersion)" }
}
