import Hummingbird
import KubeAPI
import NIOCore

extension ResourceHandler {
    func list(_ request: APIRequest, _ path: RequestPath) throws(APIError) -> Response {
        var options = ListOptions(filter: try filter(request, path))
        options.limit = Int(request.query["limit"]) ?? 0
        options.continuation = request.query["continue"]
        if let version = Int(request.query["resourceVersion"]), version > api.store.revision {
            throw APIError(
                code: 504, reason: "Timeout", message: "Too large resource version: \(version), current: \(api.store.revision)")
        }
        return try listResponse(try api.list(path.resource.storage, options), request, path)
    }

    func listResponse(_ list: ObjectList, _ request: APIRequest, _ path: RequestPath) throws(APIError) -> Response {
        let form = try request.form()
        var metadata: JSONValue = ["resourceVersion": .string("\(list.resourceVersion)")]
        if !list.continuation.isEmpty { metadata["continue"] = .string(list.continuation) }
        if let remaining = list.remaining { metadata["remainingItemCount"] = .int(remaining) }
        if form == .plain, !path.resource.isConverted {
            return .bytes(Self.listBytes(list, metadata, path.resource), "application/json")
        }
        let shape = ObjectShape(form: form, resource: path.resource, includeObject: request.query["includeObject"])
        return try .document(shape.list(list.values, metadata: metadata), form)
    }

    /// The stored bytes, one after the other: no object is serialised again.
    private static func listBytes(_ list: ObjectList, _ metadata: JSONValue, _ resource: Resource) -> [UInt8] {
        var bytes = Array(#"{"kind":"\#(resource.kind)List","apiVersion":"\#(resource.apiVersion)","metadata":"#.utf8)
        bytes.reserveCapacity(list.objects.reduce(256) { $0 + $1.bytes.count + 1 })
        metadata.append(to: &bytes)
        bytes.append(contentsOf: #","items":["#.utf8)
        for (index, object) in list.objects.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            bytes.append(contentsOf: object.bytes)
        }
        bytes.append(contentsOf: "]}".utf8)
        return bytes
    }

    func watch(_ request: APIRequest, _ path: RequestPath) throws(APIError) -> Response {
        let form = try request.form()
        let sendsInitialEvents = request.query.flag("sendInitialEvents")
        let version = request.query["resourceVersion"]
        let start: ObjectStore.WatchStart
        if version.isEmpty || version == "0" || sendsInitialEvents {
            start = .initialEvents
        } else {
            guard let revision = Int(version) else {
                throw .badRequest("resourceVersion: Invalid value: \"\(version)\": strconv.ParseUint: parsing \"\(version)\": invalid syntax")
            }
            start = .after(revision)
        }
        let bookmarks = request.query.flag("allowWatchBookmarks")
        let filter = try filter(request, path)
        let shape = ObjectShape(form: form, resource: path.resource, includeObject: request.query["includeObject"])
        let watch = try api.watch(
            path.resource.storage, filter, from: start, bookmarks: bookmarks, endsInitialEvents: sendsInitialEvents && bookmarks)
        let seconds = Int(request.query["timeoutSeconds"]) ?? Int.random(in: 1800..<3600)
        return WatchResponse(watch: watch, shape: shape, timeout: .seconds(max(1, seconds))).response(to: request.request)
    }
}
