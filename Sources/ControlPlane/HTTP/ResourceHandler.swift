import HTTPTypes
import Hummingbird
import KubeAPI
import NIOCore

/// Reads and writes of stored objects.
struct ResourceHandler: Sendable {
    let api: APIService
    let tokens: TokenIssuer

    func respond(to request: APIRequest, _ path: RequestPath, verb: String) async throws(APIError) -> Response {
        guard path.subresource.isEmpty else { return try await subresource(request, path, verb: verb) }
        switch verb {
        case "get":
            let form = try request.form()
            let stored = try api.stored(path.resource, namespace: path.namespace, name: path.name)
            if form == ResponseForm.plain, !path.resource.isConverted { return .bytes(stored.bytes, "application/json") }
            return try document(stored.value, form, path.resource, request)
        case "list": return try list(request, path)
        case "watch": return try watch(request, path)
        case "create":
            guard path.name.isEmpty else { throw .methodNotAllowed }
            return try await create(request, path)
        case "update" where !path.name.isEmpty: return try await update(request, path)
        case "patch" where !path.name.isEmpty: return try await patch(request, path)
        case "delete": return try await delete(request, path)
        case "deletecollection": return try await deleteCollection(request, path)
        default: throw .methodNotAllowed
        }
    }

    // MARK: Writing

    private func create(_ request: APIRequest, _ path: RequestPath) async throws(APIError) -> Response {
        let (object, warnings) = try await readObject(request, path.resource.apiVersion, path.resource.kind)
        let stored = EventConversion.stored(object, path.resource)
        let namespace = path.resource.isNamespaced ? path.namespace : ""
        let created = try await api.create(path.resource.storage, namespace: namespace, stored, request.writeOptions())
        return try document(created, request.form(), path.resource, request, status: .created, warnings: warnings)
    }

    private func update(_ request: APIRequest, _ path: RequestPath) async throws(APIError) -> Response {
        let (object, warnings) = try await readObject(request, path.resource.apiVersion, path.resource.kind)
        let stored = EventConversion.stored(object, path.resource)
        let updated = try await api.update(
            path.resource.storage, namespace: path.namespace, name: path.name, subresource: path.subresource, stored, request.writeOptions())
        return try document(updated, request.form(), path.resource, request, warnings: warnings)
    }

    func updateSubresource(_ request: APIRequest, _ path: RequestPath) async throws(APIError) -> Response { try await update(request, path) }

    private func delete(_ request: APIRequest, _ path: RequestPath) async throws(APIError) -> Response {
        let options = try await deleteOptions(request)
        switch try await api.delete(path.resource.storage, namespace: path.namespace, name: path.name, options) {
        case .begun(let object): return try document(object, request.form(), path.resource, request)
        case .removed(let object):
            if path.resource == ResourceCatalog.pods { return try document(object, request.form(), path.resource, request) }
            var details: JSONValue = ["name": .string(path.name), "kind": .string(path.resource.plural)]
            if !path.resource.group.isEmpty { details["group"] = .string(path.resource.group) }
            details["uid"] = object.at("metadata", "uid")
            let status: JSONValue = ["apiVersion": "v1", "kind": "Status", "metadata": [:], "status": "Success", "details": details]
            return try .document(status, try request.form())
        }
    }

    private func deleteCollection(_ request: APIRequest, _ path: RequestPath) async throws(APIError) -> Response {
        let options = try await deleteOptions(request)
        let list = try await api.deleteCollection(path.resource.storage, filter(request, path), options)
        return try listResponse(list, request, path)
    }

    /// From the body, or from the query where a client sends none.
    private func deleteOptions(_ request: APIRequest) async throws(APIError) -> DeleteOptions {
        var options = DeleteOptions()
        options.user = request.user
        options.isDryRun = try request.isDryRun()
        options.gracePeriodSeconds = Int(request.query["gracePeriodSeconds"])
        var propagation = request.query["propagationPolicy"]
        var orphans = request.query["orphanDependents"].isEmpty ? nil : request.query.flag("orphanDependents")
        if let body = try await request.optionalDocument() {
            if let dryRun = body["dryRun"]?.array, !dryRun.isEmpty { options.isDryRun = true }
            options.gracePeriodSeconds = body["gracePeriodSeconds"]?.int ?? options.gracePeriodSeconds
            propagation = body["propagationPolicy"]?.string ?? propagation
            orphans = body["orphanDependents"]?.bool ?? orphans
            options.uid = body.at("preconditions", "uid")?.string
            options.resourceVersion = body.at("preconditions", "resourceVersion")?.string
        }
        if let orphans, propagation.isEmpty { propagation = orphans ? "Orphan" : "Background" }
        if !propagation.isEmpty {
            guard let known = DeleteOptions.Propagation(rawValue: propagation) else {
                throw APIError(
                    code: 422, reason: "Invalid",
                    message: "DeleteOptions.meta.k8s.io \"\" is invalid: propagationPolicy: Unsupported value: \"\(propagation)\": "
                        + "supported values: \"Background\", \"Foreground\", \"Orphan\"")
            }
            options.propagation = known
        }
        return options
    }

    func readObject(_ request: APIRequest, _ apiVersion: String, _ kind: String) async throws(APIError) -> (JSONValue, [String]) {
        var reader = try BodyReader(mode: request.query["fieldValidation"])
        let (value, duplicates) = try await request.document()
        return (try reader.object(value, duplicates: duplicates, apiVersion, kind), reader.warnings)
    }

    // MARK: Answers

    func document(
        _ value: JSONValue, _ form: ResponseForm, _ resource: Resource, _ request: APIRequest, status: HTTPResponse.Status = .ok,
        warnings: [String] = []
    ) throws(APIError) -> Response {
        let shaped = ObjectShape(form: form, resource: resource, includeObject: request.query["includeObject"]).object(value)
        return try .document(shaped, form, status: status, warnings: warnings)
    }

    func filter(_ request: APIRequest, _ path: RequestPath) throws(APIError) -> ObjectFilter {
        var filter = try ObjectFilter(
            namespace: path.namespace, labelSelector: request.query["labelSelector"],
            fieldSelector: EventConversion.storedSelector(request.query["fieldSelector"], path.resource), of: path.resource.storage)
        if path.resource == ResourceCatalog.namespaces || !path.resource.isNamespaced { filter.namespace = nil }
        return filter
    }
}

extension ResponseForm {
    static let plain: ResponseForm = ResponseForm()
    init() {}
}

extension Resource {
    /// Whose objects are stored: the events of events.k8s.io are core events.
    var storage: Resource { isConverted ? ResourceCatalog.events : self }
    var isConverted: Bool { self == ResourceCatalog.newEvents }
}
