package import KubeAPI

/// Who asks. Source: authentication.k8s.io/v1 UserInfo.
package struct UserInfo: Hashable, Sendable {
    package var name: String
    package var uid = ""
    package var groups: [String]

    package init(name: String, uid: String = "", groups: [String]) {
        self.name = name
        self.uid = uid
        self.groups = groups
    }

    /// The control plane itself.
    package static let system = UserInfo(name: "system:apiserver", groups: ["system:masters", "system:authenticated"])
}

/// A write on its way to the store.
package struct AdmissionRequest: Sendable {
    package enum Operation: String, Sendable { case create = "CREATE", update = "UPDATE", delete = "DELETE" }

    package let operation: Operation
    package let resource: Resource
    /// Empty for the object itself; `status`, `scale`, `binding`, …
    package let subresource: String
    package let namespace: String
    /// Empty while a name is still to be generated.
    package let name: String
    /// The object as it is; nil for a creation.
    package let old: JSONValue?
    package let user: UserInfo
    package let isDryRun: Bool
}

/// The rules of the object kinds: defaults, values the server allots, and validation.
package protocol Admission: Sendable {
    /// Completes `object`, or refuses it. Of a deletion `object` is the object that would go.
    ///
    /// Called before each write, and called again when another write came in between; it must not block.
    func admit(_ object: inout JSONValue, _ request: AdmissionRequest) throws(APIError)
}
