package import FoundationEssentials
package import KubeAPI

/// The API without HTTP: the same rules for requests from the network and for the controllers in this process.
///
/// Reads see durable objects only. Writes return when they are durable, and repeat themselves when another write came
/// in between, unless the caller named a `resourceVersion`.
package final class APIService: Sendable {
    package let store: ObjectStore
    let admission: any Admission
    let now: @Sendable () -> Date

    package init(store: ObjectStore, admission: any Admission, now: @escaping @Sendable () -> Date = { Date() }) {
        self.store = store
        self.admission = admission
        self.now = now
    }

    // MARK: Reading

    package func get(_ resource: Resource, namespace: String = "", name: String) throws(APIError) -> JSONValue {
        try stored(resource, namespace: namespace, name: name).value
    }

    package func stored(_ resource: Resource, namespace: String, name: String) throws(APIError) -> StoredObject {
        guard let object = store.object(ObjectKey(resource, namespace: namespace, name: name)) else { throw .notFound(resource, name) }
        return object
    }

    package func list(_ resource: Resource, _ options: ListOptions = ListOptions()) throws(APIError) -> ObjectList {
        var (objects, revision) = store.objects(of: resource, matching: options.filter)
        if !options.continuation.isEmpty {
            let position = try ContinueToken(parsing: options.continuation)
            objects.removeAll { ($0.key.namespace, $0.key.name) <= (position.namespace, position.name) }
            revision = position.resourceVersion
        }
        guard options.limit > 0, objects.count > options.limit else {
            return ObjectList(objects: objects, resourceVersion: revision, continuation: "", remaining: nil)
        }
        let part = Array(objects.prefix(options.limit))
        let last = part[part.count - 1].key
        let token = ContinueToken(namespace: last.namespace, name: last.name, resourceVersion: revision)
        return ObjectList(
            objects: part, resourceVersion: revision, continuation: token.text,
            remaining: options.filter.isEverything ? objects.count - part.count : nil)
    }

    package func watch(
        _ resource: Resource, _ filter: ObjectFilter = ObjectFilter(), from start: ObjectStore.WatchStart = .initialEvents,
        bookmarks: Bool = false, endsInitialEvents: Bool = false
    ) throws(APIError) -> ObjectWatch {
        do throws(StoreError) {
            return try store.watch(resource, matching: filter, from: start, bookmarks: bookmarks, endsInitialEvents: endsInitialEvents)
        } catch {
            throw .expired("\(error)")
        }
    }

    func timestamp() -> JSONValue { .string(Timestamp(now()).description) }

    func refusal(of error: StoreError) -> APIError {
        .internalError("\(error)")
    }
}

// Typed faces of the same calls, for controllers.
extension APIService {
    package func get<T: KubeObject>(_ type: T.Type, namespace: String = "", name: String) throws(APIError) -> T {
        try decode(type, get(ResourceCatalog.resource(of: type), namespace: namespace, name: name))
    }

    package func list<T: KubeObject>(_ type: T.Type, _ filter: ObjectFilter = ObjectFilter()) throws(APIError) -> [T] {
        var result: [T] = []
        for value in try list(ResourceCatalog.resource(of: type), ListOptions(filter: filter)).values { result.append(try decode(type, value)) }
        return result
    }

    package func create<T: KubeObject>(_ object: T) async throws(APIError) -> T {
        let value: JSONValue
        do throws(EncodingError) { value = try JSONValue(encoding: object) } catch { throw .internalError("\(error)") }
        return try decode(T.self, await create(ResourceCatalog.resource(of: T.self), namespace: object.metadata.namespace, value))
    }

    private func decode<T: Decodable>(_ type: T.Type, _ value: JSONValue) throws(APIError) -> T {
        do throws(DecodingError) { return try value.decode(as: type) } catch { throw .internalError("\(error)") }
    }
}

/// Where a partial list goes on.
private struct ContinueToken {
    let namespace: String
    let name: String
    let resourceVersion: Int

    init(namespace: String, name: String, resourceVersion: Int) {
        (self.namespace, self.name, self.resourceVersion) = (namespace, name, resourceVersion)
    }

    init(parsing text: String) throws(APIError) {
        let parts = (Data(base64Encoded: text).map { String(decoding: $0, as: UTF8.self) } ?? "").split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 3, let version = Int(parts[0]) else { throw .badRequest("continue key is not valid: \(text)") }
        self.init(namespace: String(parts[1]), name: String(parts[2]), resourceVersion: version)
    }

    var text: String { Data("\(resourceVersion)/\(namespace)/\(name)".utf8).base64EncodedString() }
}
