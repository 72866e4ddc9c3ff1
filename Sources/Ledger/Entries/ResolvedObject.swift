package import FoundationEssentials

/// An object that a pod was resolved with: its configuration, credentials and claims as they were when last read.
/// Describes itself without its body, which may be a credential.
package struct ResolvedObject: Hashable, Sendable, CustomStringConvertible, CustomReflectable {
    package enum Kind: String, Codable, Sendable {
        case configMap = "ConfigMap"
        case secret = "Secret"
        case persistentVolumeClaim = "PersistentVolumeClaim"
        case persistentVolume = "PersistentVolume"
        /// `name` is `<service account>/<audience>/<seconds>`; the body is the token.
        case serviceAccountToken = "ServiceAccountToken"
        /// The body is the name of its handler.
        case runtimeClass = "RuntimeClass"

        /// Whether the body is stored encrypted.
        var isSealed: Bool {
            switch self {
            case .secret, .serviceAccountToken: true
            case .configMap, .persistentVolumeClaim, .persistentVolume, .runtimeClass: false
            }
        }
    }

    package var kind: Kind
    package var name: String
    package var resourceVersion: String
    /// The object as JSON; a token as it is.
    package var body: Data
    /// When a token ends. An old token stays until a newer one replaces it.
    package var expiresAt: Date?

    package init(kind: Kind, name: String, resourceVersion: String = "", body: Data, expiresAt: Date? = nil) {
        self.kind = kind
        self.name = name
        self.resourceVersion = resourceVersion
        self.body = body
        self.expiresAt = expiresAt
    }

    package var description: String { "\(kind.rawValue)(\(name), body: <redacted>)" }
    package var customMirror: Mirror { Mirror(self, children: ["kind": kind, "name": name]) }
}

/// How a `ResolvedObject` lies in the table.
struct PodObjectEntry: LedgerEntry {
    static let table = LedgerTable("pod_object", keyColumns: 3, CodingKeys.self)
    enum CodingKeys: String, CodingKey, CaseIterable {
        case podUID = "pod_uid", kind, name, resourceVersion = "resource_version", isSealed = "is_sealed", body, expiresAt = "expires_at"
    }
    var podUID: String
    var kind: ResolvedObject.Kind
    var name: String
    var resourceVersion: String
    var isSealed: Bool
    var body: Data
    var expiresAt: Date?

    /// What the seal is bound to: a body moved to another row does not open.
    var sealContext: String { "pod_object/\(podUID)/\(kind.rawValue)/\(name)" }
}
