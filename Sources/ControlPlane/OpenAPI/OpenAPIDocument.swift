import KubeAPI

/// The schema table as OpenAPI, in the two dialects that clients ask for.
struct OpenAPIDocument {
    enum Dialect {
        /// Swagger 2.0, one document.
        case v2
        /// OpenAPI 3.0, one document an API group and version.
        case v3
        var references: String { self == .v2 ? "#/definitions/" : "#/components/schemas/" }
    }

    let dialect: Dialect
    var schema = Schema.current

    /// - Parameter apiVersion: nil for all of them.
    func document(of apiVersion: String? = nil) -> JSONValue {
        let resources = ResourceCatalog.all.filter { apiVersion == nil || $0.apiVersion == apiVersion }
        var paths: [String: JSONValue] = [:]
        var needed: Set<Int> = []
        for resource in resources {
            for (path, item) in operations(on: resource) { paths[path] = item }
            needed.formUnion(schema.type(of: resource).map { [$0] } ?? [])
            for name in resource.subresources {
                let type = Subresource.type(of: name, in: resource)
                needed.formUnion(schema.type(apiVersion: type.apiVersion, kind: type.kind).map { [$0] } ?? [])
            }
        }
        needed.formUnion(["DeleteOptions", "Status"].compactMap { schema.type(named: "io.k8s.apimachinery.pkg.apis.meta.v1.\($0)") })
        var definitions: [String: JSONValue] = [:]
        for index in closure(of: needed) { definitions[schema[index].name] = definition(index) }
        for resource in resources where resource.isStored { definitions[listName(resource)] = list(of: resource) }
        let info: JSONValue = ["title": "Kubernetes", "version": .string(PublicPages.version)]
        switch dialect {
        case .v2: return ["swagger": "2.0", "info": info, "paths": .object(paths), "definitions": .object(definitions)]
        case .v3: return ["openapi": "3.0.0", "info": info, "paths": .object(paths), "components": ["schemas": .object(definitions)]]
        }
    }

    // MARK: Types

    private func closure(of roots: Set<Int>) -> Set<Int> {
        var found = roots
        var queue = Array(roots)
        func visit(_ type: Schema.FieldType) {
            switch type {
            case .object(let index): if found.insert(index).inserted { queue.append(index) }
            case .list(let element), .map(let element): visit(element)
            default: break
            }
        }
        while let index = queue.popLast() { for field in schema[index].fields.values { visit(field.type) } }
        return found
    }

    private func definition(_ index: Int) -> JSONValue {
        let type = schema[index]
        var definition: JSONValue = ["type": "object"]
        if !type.order.isEmpty { definition["properties"] = .object(type.fields.mapValues(property)) }
        let required = type.order.filter { type.fields[$0]?.isRequired ?? false }
        if !required.isEmpty { definition["required"] = .array(required.map(JSONValue.string)) }
        if type.isAtomic { definition["x-kubernetes-map-type"] = "atomic" }
        let kinds = groupVersionKinds(ofType: index)
        if !kinds.isEmpty { definition["x-kubernetes-group-version-kind"] = .array(kinds) }
        return definition
    }

    private func property(_ field: Schema.Field) -> JSONValue {
        var property = reference(to: field.type, isProperty: true)
        if case .list = field.type {
            property["x-kubernetes-list-type"] = field.isSet && field.mergeKey == nil ? "set" : field.listKeys.isEmpty && !field.isSet ? "atomic" : "map"
            if !field.listKeys.isEmpty { property["x-kubernetes-list-map-keys"] = .array(field.listKeys.map(JSONValue.string)) }
        }
        if field.isAtomic { property["x-kubernetes-map-type"] = "atomic" }
        if field.isMerged { property["x-kubernetes-patch-strategy"] = field.retainsKeys ? "merge,retainKeys" : "merge" }
        if let key = field.mergeKey { property["x-kubernetes-patch-merge-key"] = .string(key) }
        return property
    }

    private func reference(to type: Schema.FieldType, isProperty: Bool = false) -> JSONValue {
        switch type {
        case .string, .quantity: ["type": "string"]
        case .int32: ["type": "integer", "format": "int32"]
        case .int64: ["type": "integer", "format": "int64"]
        case .number: ["type": "number", "format": "double"]
        case .bool: ["type": "boolean"]
        case .bytes: ["type": "string", "format": "byte"]
        case .time, .microTime: ["type": "string", "format": "date-time"]
        case .intOrString: ["type": "string", "format": "int-or-string"]
        case .any: ["type": "object"]
        case .list(let element): ["type": "array", "items": reference(to: element)]
        case .map(let element): ["type": "object", "additionalProperties": reference(to: element)]
        case .object(let index): reference(to: schema[index].name, isProperty: isProperty)
        }
    }

    /// In 3.0 a reference may have no siblings, so that properties wrap theirs.
    private func reference(to name: String, isProperty: Bool) -> JSONValue {
        let reference: JSONValue = ["$ref": .string(dialect.references + name)]
        return dialect == .v3 && isProperty ? ["allOf": [reference]] : reference
    }

    private func listName(_ resource: Resource) -> String {
        Schema.definitionName(apiVersion: resource.apiVersion, kind: resource.kind + "List")
    }

    private func list(of resource: Resource) -> JSONValue {
        let item = Schema.definitionName(apiVersion: resource.apiVersion, kind: resource.kind)
        return [
            "type": "object", "required": ["items"],
            "properties": [
                "apiVersion": ["type": "string"], "kind": ["type": "string"], "metadata": ["type": "object"],
                "items": ["type": "array", "items": ["$ref": .string(dialect.references + item)]],
            ],
            "x-kubernetes-group-version-kind": [groupVersionKind(resource.group, resource.version, resource.kind + "List")],
        ]
    }

    private func groupVersionKinds(ofType index: Int) -> [JSONValue] {
        var kinds: [JSONValue] = []
        for resource in ResourceCatalog.all where schema.type(of: resource) == index {
            kinds.append(groupVersionKind(resource.group, resource.version, resource.kind))
        }
        for resource in ResourceCatalog.all {
            for name in resource.subresources {
                let type = Subresource.type(of: name, in: resource)
                let kind = groupVersionKind(type.group, type.version, type.kind)
                if schema.type(apiVersion: type.apiVersion, kind: type.kind) == index, !kinds.contains(kind) { kinds.append(kind) }
            }
        }
        return kinds
    }

    private func groupVersionKind(_ group: String, _ version: String, _ kind: String) -> JSONValue {
        ["group": .string(group), "version": .string(version), "kind": .string(kind)]
    }

    // MARK: Paths

    private func operations(on resource: Resource) -> [(String, JSONValue)] {
        let scope = resource.isNamespaced ? "/namespaces/{namespace}/" : "/"
        let root = (resource.group.isEmpty ? "/api/" : "/apis/") + resource.apiVersion + scope + resource.plural
        let name = Schema.definitionName(apiVersion: resource.apiVersion, kind: resource.kind)
        var collection: JSONValue = ["post": operation("post", resource, answer: name, writes: name)]
        guard resource.isStored else { return [(root, collection)] }
        collection["get"] = operation("list", resource, answer: listName(resource))
        collection["delete"] = operation("deletecollection", resource, answer: listName(resource))
        let item: JSONValue = [
            "get": operation("get", resource, answer: name), "put": operation("put", resource, answer: name, writes: name),
            "patch": operation("patch", resource, answer: name, isPatch: true),
            "delete": operation("delete", resource, answer: name),
        ]
        return [(root, collection), ("\(root)/{name}", item)]
    }

    private func operation(_ action: String, _ resource: Resource, answer: String, writes: String? = nil, isPatch: Bool = false) -> JSONValue {
        var parameters: [JSONValue] = []
        if writes != nil || isPatch {
            for name in ["dryRun", "fieldManager", "fieldValidation"] + (isPatch ? ["force"] : []) {
                let type = name == "force" ? "boolean" : "string"
                parameters.append(
                    dialect == .v2
                        ? ["name": .string(name), "in": "query", "type": .string(type)]
                        : ["name": .string(name), "in": "query", "schema": ["type": .string(type)]])
            }
        }
        let schema: JSONValue = ["$ref": .string(dialect.references + answer)]
        let answers: JSONValue = dialect == .v2
            ? ["description": "OK", "schema": schema] : ["description": "OK", "content": ["application/json": ["schema": schema]]]
        var operation: JSONValue = [
            "responses": ["200": answers], "x-kubernetes-action": .string(action),
            "x-kubernetes-group-version-kind": groupVersionKind(resource.group, resource.version, resource.kind),
        ]
        if let writes {
            let schema: JSONValue = ["$ref": .string(dialect.references + writes)]
            if dialect == .v2 {
                parameters.insert(["name": "body", "in": "body", "required": true, "schema": schema], at: 0)
            } else {
                operation["requestBody"] = ["content": ["*/*": ["schema": schema]]]
            }
        }
        if !parameters.isEmpty { operation["parameters"] = .array(parameters) }
        return operation
    }
}
