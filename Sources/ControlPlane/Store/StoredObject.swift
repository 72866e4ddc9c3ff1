package import KubeAPI

/// Where an object is stored. `namespace` is empty for cluster-wide resources.
package struct ObjectKey: Hashable, Sendable {
    /// `Resource.storageName`
    package let resource: String
    package let namespace: String
    package let name: String

    package init(_ resource: Resource, namespace: String, name: String) {
        self.init(resource: resource.storageName, namespace: resource.isNamespaced ? namespace : "", name: name)
    }

    init(resource: String, namespace: String, name: String) {
        self.resource = resource
        self.namespace = namespace
        self.name = name
    }
}

/// One version of an object as its bytes, and mostly parsed: written once, then shared by the database, lists and every watch.
package struct StoredObject: Sendable {
    package let key: ObjectKey
    package let resourceVersion: Int
    /// Compact JSON of `value`.
    package let bytes: [UInt8]
    /// Nil where it is not worth its room, ten times that of the bytes.
    private let parsed: JSONValue?

    init(key: ObjectKey, resourceVersion: Int, value: JSONValue? = nil, bytes: [UInt8]) {
        self.key = key
        self.resourceVersion = resourceVersion
        self.bytes = bytes
        parsed = value
    }

    package var value: JSONValue {
        // Never null: the bytes were written here, or parsed when they were read from the database.
        parsed ?? (try? JSONValue(parsing: bytes)) ?? .null
    }

    /// As it is kept: of Events there are many, and they are seldom read.
    var kept: StoredObject {
        key.resource == ResourceCatalog.events.storageName ? StoredObject(key: key, resourceVersion: resourceVersion, bytes: bytes) : self
    }
}

/// What happened to an object, or (`bookmark`) that nothing did up to `resourceVersion`.
package struct WatchEvent: Sendable {
    package enum Kind: String, Sendable { case added = "ADDED", modified = "MODIFIED", deleted = "DELETED", bookmark = "BOOKMARK" }

    package let kind: Kind
    package let resourceVersion: Int
    /// Nil for a bookmark.
    package let object: StoredObject?
    /// The bookmark that ends the initial events of a streaming list.
    package var endsInitialEvents = false
}
