import Hummingbird
import KubeAPI

/// What the API serves, in the forms clients look for it: a list of groups and a list for each version, or everything at once.
enum Discovery {
    static func response(to request: APIRequest) throws(APIError) -> Response {
        guard request.method == .get || request.method == .head else { throw .methodNotAllowed }
        let rest = Array(request.segments.dropFirst())
        if rest.isEmpty, let version = aggregatedVersion(accepting: request.header(.accept)) {
            let items = request.segments[0] == "api" ? [group("")] : groups.map(group)
            let list: JSONValue = [
                "apiVersion": .string("apidiscovery.k8s.io/\(version)"), "kind": "APIGroupDiscoveryList", "metadata": [:], "items": .array(items),
            ]
            let type = "application/json;g=apidiscovery.k8s.io;v=\(version);as=APIGroupDiscoveryList"
            return .bytes(list.serialized(), type)
        }
        let document: JSONValue
        switch (request.segments[0], rest.count) {
        case ("api", 0):
            document = [
                "kind": "APIVersions", "versions": ["v1"],
                "serverAddressByClientCIDRs": [],
            ]
        case ("api", 1) where rest[0] == "v1": document = resourceList("v1")
        case ("apis", 0): document = ["kind": "APIGroupList", "apiVersion": "v1", "groups": .array(groups.map(groupEntry))]
        case ("apis", 1) where groups.contains(rest[0]):
            document = .object((groupEntry(rest[0]).object ?? [:]).merging(["kind": "APIGroup", "apiVersion": "v1"]) { $1 })
        case ("apis", 2) where ResourceCatalog.all.contains { $0.apiVersion == "\(rest[0])/\(rest[1])" }:
            document = resourceList("\(rest[0])/\(rest[1])")
        default: throw .noSuchPath
        }
        return try .document(document, try request.form())
    }

    private static let groups: [String] = ResourceCatalog.all.map(\.group).reduce(into: []) { groups, group in
        if !group.isEmpty, !groups.contains(group) { groups.append(group) }
    }

    /// Policy and autoscaling only have types of subresources here, which belong to the groups that use them.
    private static func versions(of group: String) -> [String] {
        ResourceCatalog.all.filter { $0.group == group }.map(\.version).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    private static func aggregatedVersion(accepting header: String) -> String? {
        for type in MediaType.list(header) {
            if type.parameters["as"] == "APIGroupDiscoveryList", let version = type.parameters["v"], ["v2", "v2beta1"].contains(version) { return version }
            if type.type == "application/json", type.parameters["as"] == nil { return nil }
        }
        return nil
    }

    private static func groupEntry(_ group: String) -> JSONValue {
        let versions = versions(of: group).map { version -> JSONValue in
            ["groupVersion": .string("\(group)/\(version)"), "version": .string(version)]
        }
        return ["name": .string(group), "versions": .array(versions), "preferredVersion": versions[0]]
    }

    // MARK: One version

    private static func resourceList(_ apiVersion: String) -> JSONValue {
        var entries: [JSONValue] = []
        for resource in ResourceCatalog.all where resource.apiVersion == apiVersion {
            var entry: JSONValue = [
                "name": .string(resource.plural), "singularName": .string(resource.singular), "namespaced": .bool(resource.isNamespaced),
                "kind": .string(resource.kind), "verbs": strings(resource.verbs),
            ]
            if !resource.shortNames.isEmpty { entry["shortNames"] = strings(resource.shortNames) }
            if !resource.categories.isEmpty { entry["categories"] = strings(resource.categories) }
            entries.append(entry)
            for subresource in resource.subresources {
                let type = Subresource.type(of: subresource, in: resource)
                var entry: JSONValue = [
                    "name": .string("\(resource.plural)/\(subresource)"), "singularName": "", "namespaced": .bool(resource.isNamespaced),
                    "kind": .string(type.kind), "verbs": strings(type.verbs),
                ]
                if type.apiVersion != resource.apiVersion {
                    entry["group"] = .string(type.group)
                    entry["version"] = .string(type.version)
                }
                entries.append(entry)
            }
        }
        return ["kind": "APIResourceList", "apiVersion": "v1", "groupVersion": .string(apiVersion), "resources": .array(entries)]
    }

    // MARK: Everything

    private static func group(_ group: String) -> JSONValue {
        let versions = versions(of: group).map { version -> JSONValue in
            let resources = ResourceCatalog.all.filter { $0.group == group && $0.version == version }
            return ["version": .string(version), "freshness": "Current", "resources": .array(resources.map(entry))]
        }
        var metadata: JSONValue = ["creationTimestamp": .null]
        if !group.isEmpty { metadata["name"] = .string(group) }
        return ["metadata": metadata, "versions": .array(versions)]
    }

    private static func entry(_ resource: Resource) -> JSONValue {
        var entry: JSONValue = [
            "resource": .string(resource.plural), "responseKind": kind(resource.group, resource.version, resource.kind),
            "scope": resource.isNamespaced ? "Namespaced" : "Cluster", "singularResource": .string(resource.singular),
            "verbs": strings(resource.verbs),
        ]
        if !resource.shortNames.isEmpty { entry["shortNames"] = strings(resource.shortNames) }
        if !resource.categories.isEmpty { entry["categories"] = strings(resource.categories) }
        if !resource.subresources.isEmpty {
            entry["subresources"] = .array(resource.subresources.map { name in
                let type = Subresource.type(of: name, in: resource)
                return ["subresource": .string(name), "responseKind": kind(type.group, type.version, type.kind), "verbs": strings(type.verbs)]
            })
        }
        return entry
    }

    private static func kind(_ group: String, _ version: String, _ kind: String) -> JSONValue {
        ["group": .string(group), "version": .string(version), "kind": .string(kind)]
    }

    private static func strings(_ values: [String]) -> JSONValue { .array(values.map(JSONValue.string)) }
}
