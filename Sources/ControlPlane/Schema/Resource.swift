/// One resource of the API: what its paths, its discovery entry and its rules derive from.
package struct Resource: Hashable, Sendable {
    /// Empty for the core group.
    package let group: String
    package let version: String
    package let kind: String
    package let plural: String
    package let singular: String
    package let shortNames: [String]
    package let isNamespaced: Bool
    package let categories: [String]
    package let subresources: [String]
    /// `metadata.generation` counts changes of the desired state.
    package let hasGeneration: Bool
    /// False for objects that programs write often and nobody applies: events, leases.
    package let tracksManagers: Bool
    /// Besides `metadata.name` and `metadata.namespace`.
    package let selectableFields: [String]
    /// `get`, `list`, … in discovery. Reviews can only be created and are never stored.
    package let verbs: [String]

    package static let allVerbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]

    init(
        _ group: String, _ version: String, _ kind: String, _ plural: String, short: [String] = [], namespaced: Bool = true,
        categories: [String] = [], subresources: [String] = [], generation: Bool = false, managers: Bool = true, fields: [String] = [],
        verbs: [String] = allVerbs
    ) {
        self.group = group
        self.version = version
        self.kind = kind
        self.plural = plural
        singular = kind.lowercased()
        shortNames = short
        isNamespaced = namespaced
        self.categories = categories
        self.subresources = subresources
        hasGeneration = generation
        tracksManagers = managers
        selectableFields = fields
        self.verbs = verbs
    }

    package var apiVersion: String { group.isEmpty ? version : "\(group)/\(version)" }
    package var hasStatus: Bool { subresources.contains("status") }
    package var isStored: Bool { verbs.count > 1 }
    /// As messages name it: `pods`, `statefulsets.apps`.
    package var qualifiedName: String { group.isEmpty ? plural : "\(plural).\(group)" }
    /// What objects are stored under. Both event APIs show the same events.
    package var storageName: String { group == "events.k8s.io" ? "events" : qualifiedName }

    package static func == (left: Resource, right: Resource) -> Bool { left.apiVersion == right.apiVersion && left.plural == right.plural }
    package func hash(into hasher: inout Hasher) { hasher.combine(plural) }
}
