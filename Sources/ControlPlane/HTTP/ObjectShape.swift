import FoundationEssentials
import KubeAPI

/// How objects of a resource are shown: whole, as a row of a table, or their metadata only.
struct ObjectShape: Sendable {
    let form: ResponseForm
    let resource: Resource
    /// Of table rows: `None`, `Metadata` (also when empty) or `Object`.
    let includeObject: String

    /// The stored bytes are what is wanted.
    var isPlain: Bool { form == .plain && !resource.isConverted }

    func object(_ value: JSONValue) -> JSONValue {
        let value = EventConversion.served(value, resource)
        switch form.shape {
        case .object: return value
        case .metadata: return Self.metadata(value, kind: "PartialObjectMetadata")
        case .table: return table([value], metadata: ["resourceVersion": value.at("metadata", "resourceVersion") ?? ""])
        }
    }

    func list(_ values: [JSONValue], metadata: JSONValue) -> JSONValue {
        let values = values.map { EventConversion.served($0, resource) }
        switch form.shape {
        case .object:
            return ["apiVersion": .string(resource.apiVersion), "kind": .string("\(resource.kind)List"), "metadata": metadata, "items": .array(values)]
        case .metadata:
            return [
                "apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadataList", "metadata": metadata,
                "items": .array(values.map { Self.metadata($0, kind: "PartialObjectMetadata") }),
            ]
        case .table: return table(values, metadata: metadata)
        }
    }

    /// An object with nothing but its type and a resource version.
    func bookmark(resourceVersion: Int, endsInitialEvents: Bool) -> JSONValue {
        var metadata: JSONValue = ["resourceVersion": .string("\(resourceVersion)"), "creationTimestamp": .null]
        if endsInitialEvents { metadata["annotations"] = ["k8s.io/initial-events-end": "true"] }
        switch form.shape {
        case .object: return ["apiVersion": .string(resource.apiVersion), "kind": .string(resource.kind), "metadata": metadata]
        case .metadata: return ["apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadata", "metadata": metadata]
        case .table:
            return ["apiVersion": "meta.k8s.io/v1", "kind": "Table", "metadata": metadata, "columnDefinitions": [], "rows": []]
        }
    }

    private static func metadata(_ value: JSONValue, kind: String) -> JSONValue {
        ["apiVersion": "meta.k8s.io/v1", "kind": .string(kind), "metadata": value["metadata"] ?? [:]]
    }

    private func table(_ values: [JSONValue], metadata: JSONValue) -> JSONValue {
        let printer = TablePrinter(resource: resource, now: Date())
        let rows = values.map { value -> JSONValue in
            var row: JSONValue = ["cells": .array(printer.cells(of: value))]
            switch includeObject {
            case "None": break
            case "Object": row["object"] = value
            default: row["object"] = Self.metadata(value, kind: "PartialObjectMetadata")
            }
            return row
        }
        return [
            "apiVersion": "meta.k8s.io/v1", "kind": "Table", "metadata": metadata, "columnDefinitions": .array(printer.columns.map(\.definition)),
            "rows": .array(rows),
        ]
    }
}
