import FoundationEssentials
import KubeAPI
import Testing

@Suite("JSON values")
struct JSONValueTests {
    @Test("a document survives parsing and writing", arguments: [
        #"{"a":[1,-2,3.5,"x\n\"\\",null,true,false],"b":{},"c":[]}"#, "9223372036854775807", "-9223372036854775808", #""\u0001é😀""#, "[]", "0",
    ])
    func roundTrip(text: String) throws {
        #expect(try JSONValue(parsing: text).description == text)
    }

    @Test("what is written keeps no room to grow")
    func exact() {
        let bytes = JSONValue.array((0..<1000).map { .string("element \($0)") }).serialized()
        #expect(bytes.capacity < bytes.count + 64)
    }

    @Test("numbers stay exact while they fit 64 bits")
    func numbers() throws {
        #expect(try JSONValue(parsing: "9007199254740993") == .int(9_007_199_254_740_993))
        #expect(try JSONValue(parsing: "1.0") == .double(1))
        #expect(try JSONValue(parsing: "1e3").int == 1000)
        #expect(try JSONValue(parsing: "92233720368547758080") == .double(9.223372036854775808e19))
    }

    @Test("escapes are read", arguments: [(#""\u00e9\ud83d\ude00\/\t""#, "é😀/\t"), (#""\ud83d""#, "\u{FFFD}")])
    func escapes(text: String, value: String) throws { #expect(try JSONValue(parsing: text).string == value) }

    @Test("what is not JSON is refused", arguments: ["", "{", "[1,]", "01", "1.", "nul", #"{"a" 1}"#, "1 2", "\"\u{01}\"", #""\x""#, "-"])
    func refused(text: String) { #expect(throws: JSONError.self) { try JSONValue(parsing: text) } }

    @Test("an error tells its line and column")
    func place() {
        let error = #expect(throws: JSONError.self) { try JSONValue(parsing: "{\n  \"a\": x}") }
        #expect(error?.description == "invalid character 'x' looking for beginning of value at line 2, column 8")
    }

    @Test("nesting is bounded")
    func depth() {
        #expect(throws: JSONError.self) { try JSONValue(parsing: String(repeating: "[", count: 100_000)) }
    }

    @Test("duplicate keys are reported with their paths, and the last one counts")
    func duplicates() throws {
        let (value, duplicates) = try JSONValue.parse(#"{"spec":{"c":[{"n":1},{"n":1,"n":2}],"x":1},"spec":{"y":1,"y":2}}"#.utf8)
        #expect(duplicates == ["spec.c[1].n", "spec.y", "spec"])
        #expect(value == ["spec": ["y": 2]])
    }

    @Test("typed values decode and encode as with JSONDecoder and JSONEncoder")
    func typed() throws {
        let json = #"{"apiVersion":"v1","data":{"k":"aGVsbG8="},"kind":"Secret","metadata":{"name":"s"},"type":"Opaque"}"#
        let secret = try JSONValue(parsing: json).decode(as: Secret.self)
        #expect(secret == (try JSONDecoder().decode(Secret.self, from: Data(json.utf8))))
        #expect(secret.data["k"] == Data("hello".utf8))
        #expect(try JSONValue(encoding: secret).description == json)
    }

    /// Written through every kind of container, and into several at once.
    private struct Nested: Encodable {
        enum Key: String, CodingKey { case plain, object, list, above }
        enum Inner: String, CodingKey { case x, y }
        enum Choice: String, Encodable { case first }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Key.self)
            var object = container.nestedContainer(keyedBy: Inner.self, forKey: .object)
            var list = container.nestedUnkeyedContainer(forKey: .list)
            try container.encode([Choice.first], forKey: .plain)
            try list.encode(1)
            var inner = list.nestedContainer(keyedBy: Inner.self)
            try list.encodeNil()
            var innermost = list.nestedUnkeyedContainer()
            try object.encode(true, forKey: .x)
            try innermost.encode(["a": 1.5])
            try inner.encode(Int64(2), forKey: .y)
            try object.encodeNil(forKey: .y)
            try Choice.first.encode(to: container.superEncoder(forKey: .above))
        }
    }

    @Test("containers that grow side by side each keep their place")
    func containers() throws {
        #expect(
            try JSONValue(encoding: Nested()) == [
                "plain": ["first"], "object": ["x": true, "y": .null], "list": [1, ["y": 2], .null, [["a": 1.5]]], "above": "first",
            ])
        let text = try JSONEncoder().encode(Nested())
        #expect(try JSONValue(encoding: Nested()) == JSONValue(parsing: text))
    }

    @Test("members are written in place, and nil removes them")
    func members() {
        var value: JSONValue = ["metadata": ["name": "a"]]
        value["metadata"]?["labels"] = ["x": "y"]
        value["status"]?["phase"] = "Pending"
        value["metadata"]?["name"] = nil
        #expect(value == ["metadata": ["labels": ["x": "y"]]])
    }
}
