import HTTPTypes
import Hummingbird
import KubeAPI

extension ResourceHandler {
    func subresource(_ request: APIRequest, _ path: RequestPath, verb: String) async throws(APIError) -> Response {
        switch (path.subresource, verb) {
        case ("status", "get"), ("resize", "get"), ("ephemeralcontainers", "get"):
            let object = try api.get(path.resource, namespace: path.namespace, name: path.name)
            return try document(object, request.form(), path.resource, request)
        case ("status", "update"), ("finalize", "update"), ("resize", "update"), ("ephemeralcontainers", "update"):
            return try await updateSubresource(request, path)
        case ("status", "patch"), ("resize", "patch"), ("ephemeralcontainers", "patch"): return try await patch(request, path)
        case ("scale", "get"):
            return try .document(Scale.of(try api.get(path.resource, namespace: path.namespace, name: path.name)), try request.form())
        case ("scale", "update"), ("scale", "patch"): return try await scale(request, path, isPatch: verb == "patch")
        case ("binding", "create"): return try await bind(request, path)
        case ("eviction", "create"): return try await evict(request, path)
        case ("token", "create"): return try await issueToken(request, path)
        default: throw .methodNotAllowed
        }
    }

    private func scale(_ request: APIRequest, _ path: RequestPath, isPatch: Bool) async throws(APIError) -> Response {
        let type = MediaType(request.header(.contentType)[...]).type
        var reader = try BodyReader(mode: request.query["fieldValidation"])
        let (body, duplicates) = try await request.document()
        let updated = try await api.modify(
            path.resource, namespace: path.namespace, name: path.name, subresource: "scale", request.writeOptions()
        ) { (old) throws(APIError) in
            var wanted = body
            if isPatch {
                wanted = type == "application/json-patch+json" ? try JSONPatch(body).apply(to: Scale.of(old)) : Scale.of(old).merged(with: body)
            }
            wanted = try reader.object(wanted, duplicates: duplicates, "autoscaling/v1", "Scale")
            return try Scale.apply(wanted, to: old, name: path.name)
        }
        return try .document(Scale.of(updated), try request.form(), warnings: reader.warnings)
    }

    private func bind(_ request: APIRequest, _ path: RequestPath) async throws(APIError) -> Response {
        let (binding, warnings) = try await readObject(request, "v1", "Binding")
        guard let node = binding.at("target", "name")?.string, !node.isEmpty else {
            throw .badRequest("target.name: Required value")
        }
        try await api.bind(namespace: path.namespace, pod: path.name, to: node, request.writeOptions())
        return try .document(
            ["apiVersion": "v1", "kind": "Status", "metadata": [:], "status": "Success", "code": 201], try request.form(), status: .created,
            warnings: warnings)
    }

    /// No disruption budgets are served, so an eviction is a deletion.
    private func evict(_ request: APIRequest, _ path: RequestPath) async throws(APIError) -> Response {
        let (eviction, warnings) = try await readObject(request, "policy/v1", "Eviction")
        var options = DeleteOptions()
        options.user = request.user
        options.isDryRun = try request.isDryRun()
        options.gracePeriodSeconds = eviction.at("deleteOptions", "gracePeriodSeconds")?.int
        options.uid = eviction.at("deleteOptions", "preconditions", "uid")?.string
        _ = try await api.delete(path.resource, namespace: path.namespace, name: path.name, options)
        return try .document(
            ["apiVersion": "v1", "kind": "Status", "metadata": [:], "status": "Success", "code": 201], try request.form(), status: .created,
            warnings: warnings)
    }

    /// A token bound to a pod is one of the pod's own account, and a node asks for those of its own pods only.
    /// Source: k8s `registry/core/serviceaccount/storage/token.go`, `plugin/pkg/admission/noderestriction`.
    private static func checkOwner(of bound: JSONValue?, account: RequestPath, _ user: UserInfo) throws(APIError) {
        let pod = bound?["kind"]?.string == "Pod" ? bound : nil
        if let pod, pod.text("spec", "serviceAccountName") != account.name {
            throw .badRequest("cannot bind token for serviceaccount \"\(account.name)\" to pod running with different serviceaccount name.")
        }
        let prefix = "system:node:"
        guard user.groups.contains("system:nodes"), user.name.hasPrefix(prefix) else { return }
        guard let pod else { throw .forbidden(account.resource, account.name, "node requested token not bound to a pod") }
        guard pod.text("spec", "nodeName") == String(user.name.dropFirst(prefix.count)) else {
            throw .forbidden(account.resource, account.name, "node requested token bound to a pod scheduled on a different node")
        }
    }

    private func issueToken(_ request: APIRequest, _ path: RequestPath) async throws(APIError) -> Response {
        let (body, warnings) = try await readObject(request, "authentication.k8s.io/v1", "TokenRequest")
        let account = try api.get(path.resource, namespace: path.namespace, name: path.name)
        var bound: JSONValue?
        if let reference = body.at("spec", "boundObjectRef"), let name = reference["name"]?.string {
            guard let resource = ResourceCatalog.resource(reference["apiVersion"]?.string ?? "v1", kind: reference["kind"]?.string ?? ""),
                [ResourceCatalog.pods, ResourceCatalog.secrets, ResourceCatalog.nodes].contains(resource)
            else { throw .badRequest("cannot bind token to object of type \(reference["kind"]?.string ?? "")") }
            bound = try api.get(resource, namespace: path.namespace, name: name)
            if let uid = reference["uid"]?.string, let own = bound?.at("metadata", "uid")?.string, uid != own {
                throw .conflict(
                    resource, name,
                    "the UID in the bound object reference (\(uid)) does not match the UID in record. "
                        + "The object might have been deleted and then recreated")
            }
        }
        try Self.checkOwner(of: bound, account: path, request.user)
        let seconds = body.at("spec", "expirationSeconds")?.int ?? 3600
        guard (600...1 << 32).contains(seconds) else {
            throw APIError(
                code: 422, reason: "Invalid",
                message: "TokenRequest.authentication.k8s.io \"\" is invalid: spec.expirationSeconds: Invalid value: \(seconds): "
                    + "may not specify a duration less than 10 minutes")
        }
        let audiences = (body.at("spec", "audiences")?.array ?? []).compactMap(\.string)
        let issued = try tokens.issue(for: account, audiences: audiences, seconds: seconds, boundTo: bound, now: api.now())
        var answer = body
        answer["spec"]?["expirationSeconds"] = .int(seconds)
        answer["spec"]?["audiences"] = .array((audiences.isEmpty ? [TokenIssuer.issuer] : audiences).map(JSONValue.string))
        answer["metadata"] = ["name": .string(path.name), "namespace": .string(path.namespace), "creationTimestamp": api.timestamp()]
        answer["status"] = ["token": .string(issued.token), "expirationTimestamp": .string(issued.expiration.description)]
        return try .document(answer, try request.form(), status: .created, warnings: warnings)
    }
}
