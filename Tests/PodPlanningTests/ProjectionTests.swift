import KubeAPI
import PodPlanning
import Testing

@Suite("Projected volumes")
struct ProjectionTests {
    static func files(_ source: String, spec: String = #"{"containers":[{"name":"c","resources":{"limits":{"cpu":"2"}}}]}"#, tokens: [String: [UInt8]] = [:]) throws -> [String: ProjectedFile] {
        let volume: Volume = try decoded(#"{"name":"v",\#(source)}"#)
        let files = try projectedFiles(
            for: volume, in: pod(spec, metadata: #""labels":{"app":"web"}"#), objects: .test(), podIPs: ["10.88.0.5"], tokens: tokens, on: .test())
        return Dictionary(uniqueKeysWithValues: try #require(files).map { ($0.path, $0) })
    }

    @Test("a ConfigMap gives a file per key, binary ones too")
    func configMap() throws {
        let files = try Self.files(#""configMap":{"name":"c","defaultMode":256}"#)
        #expect(files.keys.sorted() == ["a", "b", "z"])
        #expect(files["a"]?.content == Array("1".utf8))
        #expect(files["z"]?.content == [0, 1])
        #expect(files["a"]?.mode == 0o400)
    }

    @Test("items choose keys, paths and modes; the default mode is 0644")
    func items() throws {
        let files = try Self.files(#""secret":{"secretName":"s","items":[{"key":"user","path":"d/name","mode":384}]}"#)
        #expect(files == ["d/name": ProjectedFile(path: "d/name", content: Array("admin".utf8), mode: 0o600)])
        #expect(try Self.files(#""secret":{"secretName":"s"}"#)["user"]?.mode == 0o644)
    }

    @Test("what is missing is said as kubelet says it", arguments: [
        (#""configMap":{"name":"x"}"#, "configmap \"x\" not found"), (#""secret":{"secretName":"x"}"#, "secret \"x\" not found"),
        (#""configMap":{"name":"c","items":[{"key":"k","path":"p"}]}"#, "configmap references non-existent config key: k"),
        (#""secret":{"secretName":"s","items":[{"key":"k","path":"p"}]}"#, "references non-existent secret key: k"),
    ])
    func missing(source: String, message: String) {
        let error = #expect(throws: PlanningError.self) { try Self.files(source) }
        #expect(error?.description == message)
    }

    @Test("what is missing and optional gives no file", arguments: [
        #""configMap":{"name":"x","optional":true}"#, #""secret":{"secretName":"s","optional":true,"items":[{"key":"k","path":"p"}]}"#,
    ])
    func optional(source: String) throws { #expect(try Self.files(source).isEmpty) }

    @Test("a path may not leave the volume", arguments: ["../x", "/x", "a/../b", "", "..data"])
    func badPath(path: String) {
        #expect(throws: PlanningError.badPath(path)) { try Self.files(#""configMap":{"name":"c","items":[{"key":"a","path":"\#(path)"}]}"#) }
    }

    @Test("the downward API writes fields and resources")
    func downward() throws {
        let files = try Self.files("""
            "downwardAPI":{"items":[{"path":"labels","fieldRef":{"fieldPath":"metadata.labels"}},{"path":"ip","fieldRef":{"fieldPath":"status.podIP"}},
             {"path":"cpu","mode":292,"resourceFieldRef":{"containerName":"c","resource":"limits.cpu"}}]}
            """)
        #expect(files["labels"]?.content == Array(#"app="web""#.utf8))
        #expect(files["ip"]?.content == Array("10.88.0.5".utf8))
        #expect(files["cpu"] == ProjectedFile(path: "cpu", content: Array("2".utf8), mode: 0o444))
    }

    static let sources = """
        "projected":{"sources":[{"serviceAccountToken":{"path":"token"}},{"configMap":{"name":"c","items":[{"key":"a","path":"ca.crt"}]}},
         {"secret":{"name":"s"}},{"downwardAPI":{"items":[{"path":"namespace","fieldRef":{"fieldPath":"metadata.namespace"}}]}}]}
        """

    @Test("a projected volume joins its sources")
    func projected() throws {
        let files = try Self.files(Self.sources, tokens: ["token": [7]])
        #expect(files.keys.sorted() == ["ca.crt", "namespace", "token", "user"])
        #expect(files["token"] == ProjectedFile(path: "token", content: [7], mode: 0o644))
    }

    @Test("a token that was not obtained holds the volume back")
    func noToken() { #expect(throws: PlanningError.tokenMissing(path: "token")) { try Self.files(Self.sources) } }

    static let ownerTable: [(String, UInt32, UInt32?, UInt32?)] = [
        (#"{"securityContext":{"runAsUser":5},"containers":[{"name":"c"}]}"#, 0o600, 5, nil),
        (#"{"securityContext":{"runAsUser":5},"containers":[{"name":"c"},{"name":"d","securityContext":{"runAsUser":6}}]}"#, 0o644, nil, nil),
        (#"{"securityContext":{"fsGroup":9},"containers":[{"name":"c"}]}"#, 0o640, nil, 9),
    ]

    @Test("a token is for the one user of the pod, and for its group", arguments: ownerTable)
    func tokenOwner(spec: String, mode: UInt32, owner: UInt32?, group: UInt32?) throws {
        let token = try Self.files(Self.sources, spec: spec, tokens: ["token": [7]])["token"]
        #expect(token == ProjectedFile(path: "token", content: [7], mode: mode, owner: owner, group: group))
    }

    @Test("other volumes have no files of their own")
    func other() throws {
        let volume: Volume = try decoded(#"{"name":"v","emptyDir":{}}"#)
        #expect(try projectedFiles(for: volume, in: pod("{}"), objects: .test(), on: .test()) == nil)
    }
}
