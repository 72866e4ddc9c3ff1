@testable import ControlPlane
import KubeAPI
import Testing

@Suite("Patches")
struct PatchTests {
    static func json(_ text: String) throws -> JSONValue { try JSONValue(parsing: text) }

    /// Source: RFC 6902 appendix A.
    @Test("JSON patches do what RFC 6902 shows", arguments: [
        (#"{"foo":"bar"}"#, #"[{"op":"add","path":"/baz","value":"qux"}]"#, #"{"baz":"qux","foo":"bar"}"#),
        (#"{"foo":["bar","baz"]}"#, #"[{"op":"add","path":"/foo/1","value":"qux"}]"#, #"{"foo":["bar","qux","baz"]}"#),
        (#"{"baz":"qux","foo":"bar"}"#, #"[{"op":"remove","path":"/baz"}]"#, #"{"foo":"bar"}"#),
        (#"{"foo":["bar","qux","baz"]}"#, #"[{"op":"remove","path":"/foo/1"}]"#, #"{"foo":["bar","baz"]}"#),
        (#"{"baz":"qux","foo":"bar"}"#, #"[{"op":"replace","path":"/baz","value":"boo"}]"#, #"{"baz":"boo","foo":"bar"}"#),
        (
            #"{"foo":{"bar":"baz","waldo":"fred"},"qux":{"corge":"grault"}}"#, #"[{"op":"move","from":"/foo/waldo","path":"/qux/thud"}]"#,
            #"{"foo":{"bar":"baz"},"qux":{"corge":"grault","thud":"fred"}}"#
        ),
        (#"{"foo":["all","grass","cows","eat"]}"#, #"[{"op":"move","from":"/foo/1","path":"/foo/3"}]"#, #"{"foo":["all","cows","eat","grass"]}"#),
        (#"{"foo":"bar"}"#, #"[{"op":"add","path":"/child","value":{"grandchild":{}}}]"#, #"{"child":{"grandchild":{}},"foo":"bar"}"#),
        (#"{"/":9,"~1":10}"#, #"[{"op":"test","path":"/~01","value":10}]"#, #"{"/":9,"~1":10}"#),
        (#"{"a/b":1}"#, #"[{"op":"replace","path":"/a~1b","value":2}]"#, #"{"a/b":2}"#),
        (#"{"foo":["bar"]}"#, #"[{"op":"add","path":"/foo/-","value":["abc","def"]}]"#, #"{"foo":["bar",["abc","def"]]}"#),
        (#"{"a":1}"#, #"[{"op":"copy","from":"/a","path":"/b"}]"#, #"{"a":1,"b":1}"#),
    ])
    func jsonPatch(document: String, patch: String, expected: String) throws {
        #expect(try JSONPatch(Self.json(patch)).apply(to: Self.json(document)).description == expected)
    }

    @Test("a JSON patch that does not fit is refused", arguments: [
        (#"{"baz":"qux"}"#, #"[{"op":"test","path":"/baz","value":"bar"}]"#), (#"{"foo":"bar"}"#, #"[{"op":"add","path":"/baz/bat","value":"q"}]"#),
        (#"{}"#, #"[{"op":"remove","path":"/x"}]"#), (#"{}"#, #"[{"op":"replace","path":"/x","value":1}]"#),
        (#"{"a":[]}"#, #"[{"op":"add","path":"/a/2","value":1}]"#), (#"{}"#, #"[{"op":"spin","path":"/x"}]"#),
    ])
    func refusedPatch(document: String, patch: String) throws {
        let (document, patch) = (try Self.json(document), try JSONPatch(Self.json(patch)))
        let error = #expect(throws: APIError.self) { try patch.apply(to: document) }
        #expect(error?.status.code == 422)
    }

    /// Source: RFC 7386 appendix A.
    @Test("merge patches do what RFC 7386 shows", arguments: [
        (#"{"a":"b"}"#, #"{"a":"c"}"#, #"{"a":"c"}"#), (#"{"a":"b"}"#, #"{"b":"c"}"#, #"{"a":"b","b":"c"}"#), (#"{"a":"b"}"#, #"{"a":null}"#, "{}"),
        (#"{"a":"b","b":"c"}"#, #"{"a":null}"#, #"{"b":"c"}"#), (#"{"a":["b"]}"#, #"{"a":"c"}"#, #"{"a":"c"}"#), (#"{"a":"c"}"#, #"{"a":["b"]}"#, #"{"a":["b"]}"#),
        (#"{"a":{"b":"c"}}"#, #"{"a":{"b":"d","c":null}}"#, #"{"a":{"b":"d"}}"#), (#"{"a":[{"b":"c"}]}"#, #"{"a":[1]}"#, #"{"a":[1]}"#),
        (#"["a","b"]"#, #"["c","d"]"#, #"["c","d"]"#), (#"{"a":"b"}"#, #"["c"]"#, #"["c"]"#), (#"{"e":null}"#, #"{"a":1}"#, #"{"a":1,"e":null}"#),
        (#"[1,2]"#, #"{"a":"b","c":null}"#, #"{"a":"b"}"#), ("{}", #"{"a":{"bb":{"ccc":null}}}"#, #"{"a":{"bb":{}}}"#),
    ])
    func mergePatch(document: String, patch: String, expected: String) throws {
        #expect(try Self.json(document).merged(with: Self.json(patch)).description == expected)
    }

    static let pod = #"{"metadata":{"finalizers":["a","b"],"labels":{"x":"1"}},"spec":{"containers":[{"name":"one","image":"1","args":["a"]},{"name":"two","image":"2"}],"volumes":[{"name":"v","emptyDir":{}}]}}"#

    @Test("strategic merge finds list elements by their merge key", arguments: [
        (#"{"spec":{"containers":[{"name":"two","image":"3"}]}}"#, "spec.containers", #"[{"args":["a"],"image":"1","name":"one"},{"image":"3","name":"two"}]"#),
        (#"{"spec":{"containers":[{"name":"new","image":"n"}]}}"#, "spec.containers", #"[{"args":["a"],"image":"1","name":"one"},{"image":"2","name":"two"},{"image":"n","name":"new"}]"#),
        (#"{"spec":{"containers":[{"name":"one","$patch":"delete"}]}}"#, "spec.containers", #"[{"image":"2","name":"two"}]"#),
        (#"{"spec":{"containers":[{"$patch":"replace"},{"name":"n"}]}}"#, "spec.containers", #"[{"name":"n"}]"#),
        (#"{"spec":{"containers":[{"name":"one","args":["b"]}]}}"#, "spec.containers", #"[{"args":["b"],"image":"1","name":"one"},{"image":"2","name":"two"}]"#),
        (#"{"spec":{"$setElementOrder/containers":[{"name":"two"},{"name":"one"}],"containers":[{"name":"one","image":"9"}]}}"#, "spec.containers", #"[{"image":"2","name":"two"},{"args":["a"],"image":"9","name":"one"}]"#),
        (#"{"spec":{"volumes":[{"name":"v","$retainKeys":["name","hostPath"],"hostPath":{"path":"/"}}]}}"#, "spec.volumes", #"[{"hostPath":{"path":"/"},"name":"v"}]"#),
        (#"{"metadata":{"$deleteFromPrimitiveList/finalizers":["a"]}}"#, "metadata.finalizers", #"["b"]"#),
        (#"{"metadata":{"finalizers":["c","a"]}}"#, "metadata.finalizers", #"["a","b","c"]"#),
        (#"{"metadata":{"labels":{"$patch":"replace","y":"2"}}}"#, "metadata.labels", #"{"y":"2"}"#),
        (#"{"metadata":{"labels":{"x":null,"y":"2"}}}"#, "metadata.labels", #"{"y":"2"}"#),
    ])
    func strategicMerge(patch: String, path: String, expected: String) throws {
        let type = try #require(Schema.current.type(of: ResourceCatalog.pods))
        let merged = try StrategicMergePatch().apply(Self.json(patch), to: Self.json(Self.pod), type: type)
        let keys = path.split(separator: ".").map(String.init)
        #expect(merged[keys[0]]?[keys[1]]?.description == expected)
    }

    @Test("an element without its merge key is refused")
    func missingMergeKey() throws {
        let type = try #require(Schema.current.type(of: ResourceCatalog.pods))
        #expect(throws: APIError.self) { try StrategicMergePatch().apply(Self.json(#"{"spec":{"containers":[{"image":"x"}]}}"#), to: Self.json(Self.pod), type: type) }
    }
}
