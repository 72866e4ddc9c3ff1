import HTTPTypes
import Hummingbird
import KubeAPI

extension ResourceHandler {
    private static let patchTypes = [
        "application/json-patch+json", "application/merge-patch+json", "application/strategic-merge-patch+json", "application/apply-patch+yaml",
    ]

    func patch(_ request: APIRequest, _ path: RequestPath) async throws(APIError) -> Response {
        let type = MediaType(request.header(.contentType)[...]).type
        guard Self.patchTypes.contains(type) else { throw .unsupportedMediaType(Self.patchTypes) }
        let (document, duplicates) = try await request.document()
        let resource = path.resource.storage
        let mode = request.query["fieldValidation"]
        var reader = try BodyReader(mode: mode)
        let options = try request.writeOptions()
        if type == "application/apply-patch+yaml" {
            guard !request.query["fieldManager"].isEmpty else {
                throw .badRequest("PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch")
            }
            let applied = try reader.object(
                EventConversion.stored(document, path.resource), duplicates: duplicates, resource.apiVersion, resource.kind)
            let isForced = request.query.flag("force")
            let (object, isNew) = try await api.apply(
                resource, namespace: path.namespace, name: path.name, subresource: path.subresource, applied, force: isForced, options)
            return try self.document(object, request.form(), path.resource, request, status: isNew ? .created : .ok, warnings: reader.warnings)
        }
        if !request.query["force"].isEmpty {
            throw APIError(
                code: 422, reason: "Invalid",
                message: "PatchOptions.meta.k8s.io \"\" is invalid: force: Forbidden: may not be specified for non-apply patch")
        }
        let patch: (JSONValue) throws(APIError) -> JSONValue
        switch type {
        case "application/json-patch+json":
            let operations = try JSONPatch(document)
            patch = { (old) throws(APIError) in try operations.apply(to: old) }
        case "application/merge-patch+json":
            guard document.object != nil else { throw .badRequest("a merge patch of an object is an object, not \(document.typeName)") }
            patch = { (old) throws(APIError) in old.merged(with: document) }
        default:
            guard let schema = Schema.current.type(of: resource) else { throw .unsupportedMediaType(Array(Self.patchTypes.prefix(2))) }
            patch = { (old) throws(APIError) in try StrategicMergePatch().apply(document, to: old, type: schema) }
        }
        let duplicatesInPatch = type == "application/json-patch+json" ? [] : duplicates
        let patched = try await api.modify(
            resource, namespace: path.namespace, name: path.name, subresource: path.subresource, options
        ) { (old) throws(APIError) in
            let new = EventConversion.stored(try patch(EventConversion.served(old, path.resource)), path.resource)
            reader = try BodyReader(mode: mode)
            return try reader.typed(new, duplicates: duplicatesInPatch, resource.apiVersion, resource.kind)
        }
        return try self.document(patched, request.form(), path.resource, request, warnings: reader.warnings)
    }
}
