package import KubeAPI

package struct WriteOptions: Sendable {
    package var isDryRun = false
    /// Whose fields `metadata.managedFields` calls them; nil leaves no trace, which suits the controllers in process.
    package var fieldManager: String?
    package var user = UserInfo.system
    package init() {}
}

/// Source: metav1.DeleteOptions.
package struct DeleteOptions: Sendable {
    package enum Propagation: String, Sendable { case background = "Background", foreground = "Foreground", orphan = "Orphan" }

    /// Seconds; nil for the kind's default.
    package var gracePeriodSeconds: Int?
    package var uid: String?
    package var resourceVersion: String?
    package var propagation: Propagation?
    package var isDryRun = false
    package var user = UserInfo.system
    package init() {}
}

package struct ListOptions: Sendable {
    package var filter = ObjectFilter()
    /// Zero: all.
    package var limit = 0
    /// From the previous part of the list.
    package var continuation = ""
    package init(filter: ObjectFilter = ObjectFilter()) { self.filter = filter }
}

/// A list, or the part of it that the limit allowed.
package struct ObjectList: Sendable {
    package let objects: [StoredObject]
    package let resourceVersion: Int
    /// Empty at the end of the list.
    package let continuation: String
    package let remaining: Int?

    package var values: [JSONValue] { objects.map(\.value) }
}
