@testable import ControlPlane
import KubeAPI
import Testing

@Suite("Schema")
struct SchemaTests {
    @Test("every served kind has a type, and every list key is a field of its elements")
    func complete() {
        let schema = Schema.current
        for resource in ResourceCatalog.all { #expect(schema.type(of: resource) != nil, "\(resource.kind)") }
        for type in schema.types {
            for field in type.fields.values {
                guard case .list(.object(let element)) = field.type else { continue }
                for key in field.listKeys + [field.mergeKey].compactMap(\.self) {
                    #expect(schema[element].fields[key] != nil, "\(type.name).\(field.name) is keyed by \(key)")
                }
            }
        }
    }

    @Test("the catalogue has every typed object of KubeAPI")
    func typed() {
        let types: [any KubeObject.Type] = [Pod.self, Node.self, Service.self, ConfigMap.self, Secret.self, ServiceAccount.self, PersistentVolume.self, PersistentVolumeClaim.self, StorageClass.self, Event.self, Lease.self]
        for type in types { #expect(ResourceCatalog.resource(type.apiVersion, plural: type.resource)?.kind == type.kind) }
    }

    private func read(_ text: String, _ mode: String = "Strict", kind: String = "Pod", apiVersion: String = "v1") throws -> (JSONValue, [String]) {
        let (value, duplicates) = try JSONValue.parse(text.utf8)
        var reader = try BodyReader(mode: mode)
        let object = try reader.object(value, duplicates: duplicates, apiVersion, kind)
        return (object, reader.warnings)
    }

    @Test("strict decoding names unknown and duplicate fields")
    func strict() {
        let error = #expect(throws: APIError.self) {
            try read(#"{"spec":{"containers":[{"name":"a","name":"b","imagee":"x"}],"foo":1}}"#)
        }
        #expect(error?.status.code == 400)
        #expect(
            error?.status.message
                == #"Pod in version "v1" cannot be handled as a Pod: strict decoding error: duplicate field "spec.containers[0].name", unknown field "spec.containers[0].imagee", unknown field "spec.foo""#)
    }

    @Test("Warn warns, Ignore does not, and both keep what they do not know")
    func lenient() throws {
        let text = #"{"spec":{"foo":1}}"#
        let (object, warnings) = try read(text, "")
        #expect(warnings == [#"unknown field "spec.foo""#])
        #expect(object.at("spec", "foo") == 1)
        #expect(try read(text, "Ignore").1.isEmpty)
    }

    @Test("wrong types are refused with the place and both types", arguments: [
        (#"{"spec":{"containers":"x"}}"#, "json: cannot unmarshal string into Go struct field PodSpec.spec.containers of type []v1.Container"),
        (#"{"spec":{"containers":[{"ports":[{"containerPort":"80"}]}]}}"#, "json: cannot unmarshal string into Go struct field ContainerPort.spec.containers.ports.containerPort of type int32"),
        (#"{"spec":{"hostNetwork":"yes"}}"#, "json: cannot unmarshal string into Go struct field PodSpec.spec.hostNetwork of type bool"),
        (#"{"metadata":{"labels":{"a":1}}}"#, "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string"),
        (#"{"spec":{"containers":[{"resources":{"limits":{"cpu":"x"}}}]}}"#, "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"),
        (#"{"spec":{"priority":3000000000}}"#, "json: cannot unmarshal number 3000000000 into Go struct field PodSpec.spec.priority of type int32"),
    ])
    func types(text: String, message: String) {
        let error = #expect(throws: APIError.self) { try read(text) }
        #expect(error?.status.message == #"Pod in version "v1" cannot be handled as a Pod: \#(message)"#)
    }

    @Test("nulls go, numbers for quantities become text")
    func normalised() throws {
        let (object, _) = try read(#"{"metadata":{"creationTimestamp":null},"spec":{"containers":[{"resources":{"limits":{"cpu":1}}}],"nodeSelector":{"a":null}}}"#)
        #expect(object["metadata"] == [:])
        #expect(object.at("spec", "containers")?[0]?.at("resources", "limits", "cpu") == "1")
        #expect(object.at("spec", "nodeSelector") == [:])
    }

    @Test("the protobuf OpenAPI document names every kind with its fields")
    func protobufOpenAPI() throws {
        let bytes = OpenAPIProtobuf.encode(OpenAPIDocument(dialect: .v2).document())
        let document = try ProtobufFields(bytes[...])
        #expect(String(decoding: document.bytes(1), as: UTF8.self) == "2.0")
        var fields: [String: [String]] = [:]
        for case (1, .bytes(let entry)) in try ProtobufFields(document.bytes(9)).all {
            let named = try ProtobufFields(entry)
            let properties = try ProtobufFields(ProtobufFields(named.bytes(2)).bytes(25)).all.map { property -> String in
                guard case .bytes(let bytes) = property.payload else { return "" }
                return String(decoding: try ProtobufFields(bytes).bytes(1), as: UTF8.self)
            }
            fields[String(decoding: named.bytes(1), as: UTF8.self)] = properties
        }
        for resource in ResourceCatalog.all {
            let name = Schema.definitionName(apiVersion: resource.apiVersion, kind: resource.kind)
            #expect(fields[name]?.contains("metadata") == true, "\(name)")
        }
        #expect(fields["io.k8s.api.core.v1.Container"]?.contains("image") == true)
    }

    @Test("every reference in the OpenAPI documents has its definition")
    func references() throws {
        func check(_ value: JSONValue, _ defined: Set<String>) {
            if let name = value["$ref"]?.string.map({ String($0.split(separator: "/").last ?? "") }) { #expect(defined.contains(name), "\(name)") }
            for member in value.object?.values.map(\.self) ?? value.array ?? [] { check(member, defined) }
        }
        let v2 = OpenAPIDocument(dialect: .v2).document()
        check(v2, Set(v2["definitions"]?.object?.keys.map(\.self) ?? []))
        for version in Set(ResourceCatalog.all.map(\.apiVersion)) {
            let v3 = OpenAPIDocument(dialect: .v3).document(of: version)
            check(v3, Set(v3.at("components", "schemas")?.object?.keys.map(\.self) ?? []))
        }
    }

    @Test("durations read as kubectl shows them", arguments: [
        (0, "0s"), (119, "119s"), (120, "2m"), (330, "5m30s"), (600, "10m"), (7200, "120m"), (10800, "3h"), (12600, "3h30m"), (90000, "25h"), (172800, "2d"),
        (176400, "2d1h"), (864000, "10d"), (63072000, "2y"), (-5, "<invalid>"),
    ])
    func duration(seconds: Int, text: String) { #expect(PrintedObject.duration(seconds: seconds) == text) }
}
