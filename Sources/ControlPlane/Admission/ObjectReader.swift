package import KubeAPI

/// Read access to the stored objects, for rules and controllers that decide by what else there is.
package protocol ObjectReader: Sendable {
    /// In the order of namespace, then name; of all namespaces when `namespace` is nil.
    func all(_ resource: Resource, namespace: String?) -> [JSONValue]
    func one(_ resource: Resource, namespace: String, name: String) -> JSONValue?
}

extension ObjectReader {
    package func all(_ resource: Resource) -> [JSONValue] { all(resource, namespace: nil) }
    package func one(_ resource: Resource, name: String) -> JSONValue? { one(resource, namespace: "", name: name) }
    func one(_ target: Target) -> JSONValue? { one(target.resource, namespace: target.namespace, name: target.name) }
}

extension ObjectStore: ObjectReader {
    package func all(_ resource: Resource, namespace: String?) -> [JSONValue] {
        objects(of: resource, matching: ObjectFilter(namespace: namespace)).objects.map(\.value)
    }

    package func one(_ resource: Resource, namespace: String, name: String) -> JSONValue? {
        object(ObjectKey(resource, namespace: namespace, name: name))?.value
    }
}

/// A fixed set of objects.
package struct ObjectSet: ObjectReader {
    package var objects: [JSONValue]
    package init(_ objects: [JSONValue]) { self.objects = objects }

    package func all(_ resource: Resource, namespace: String?) -> [JSONValue] {
        objects.filter { $0.target.resource == resource && (namespace == nil || $0.meta.namespace == namespace) }
            .sorted { ($0.meta.namespace, $0.meta.name) < ($1.meta.namespace, $1.meta.name) }
    }

    package func one(_ resource: Resource, namespace: String, name: String) -> JSONValue? {
        all(resource, namespace: resource.isNamespaced ? namespace : nil).first { $0.meta.name == name }
    }
}
