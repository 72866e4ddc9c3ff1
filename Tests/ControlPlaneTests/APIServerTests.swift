@testable import ControlPlane
import Foundation
import HTTPServing
import HTTPTypes
import Hummingbird
import KubeAPI
import Logging
import NIOCore
import Synchronization
import Testing

/// A node that answers with the path it was asked for.
struct EchoNode: NodeProxy {
    func respond(to request: NodeRequest, _ context: KubeRequestContext) async -> Response { .bytes(request.path.utf8, "text/plain") }
    func upgrade(_ upgrade: UpgradeRequest, to request: NodeRequest, _ context: KubeRequestContext) async -> UpgradeDecision {
        .refuse(.bytes(request.path.utf8, "text/plain"))
    }
}

/// Keeps what a response writes.
final class BodyCollector: ResponseBodyWriter, Sendable {
    private let bytes = Mutex<[UInt8]>([])
    func write(_ buffer: ByteBuffer) async throws { bytes.withLock { $0.append(contentsOf: buffer.readableBytesView) } }
    func finish(_ trailingHeaders: HTTPFields?) async throws {}
    var text: String { String(decoding: bytes.withLock { $0 }, as: UTF8.self) }
}

@Suite("API server")
struct APIServerTests {
    let directory: TemporaryDirectory
    let api: APIService
    let server: APIServer

    init() throws {
        directory = try TemporaryDirectory()
        api = APIService(store: try ObjectStore(path: directory.path + "/db", seal: .test), admission: AdmitAll())
        server = APIServer(api: api, tokens: try TokenIssuer(keyFile: directory.path + "/sa.key"), nodes: EchoNode())
    }

    struct Answer {
        let code: Int
        let headers: HTTPFields
        let text: String
        var json: JSONValue { (try? JSONValue(parsing: text)) ?? .null }  // null where the text is not JSON, which the expectation shows
    }

    @discardableResult
    private func send(
        _ method: HTTPRequest.Method, _ path: String, _ body: String = "", type: String = "application/json", accept: String = "application/json",
        client: ClientIdentity = .localRoot, token: String? = nil
    ) async throws -> Answer {
        var headers: HTTPFields = [.accept: accept, .userAgent: "test/1"]
        if !body.isEmpty { headers[.contentType] = type }
        if let token { headers[.authorization] = "Bearer \(token)" }
        let request = Request(
            head: HTTPRequest(method: method, scheme: "https", authority: "x", path: path, headerFields: headers),
            body: RequestBody(buffer: ByteBuffer(string: body)))
        let context = KubeRequestContext(client: client, remoteAddress: "test", logger: Logger(label: "test"))
        let response = try await server.respond(to: request, context: context)
        let collector = BodyCollector()
        try await response.body.write(collector)
        return Answer(code: response.status.code, headers: response.headers, text: collector.text)
    }

    private static let configMap = #"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"},"data":{"a":"1"}}"#
    private static let maps = "/api/v1/namespaces/default/configmaps"

    @Test("a watch tells its client that the connection ends with it, so that nobody sends a second request into the end")
    func watchEndsConnection() async throws {
        let request = Request(
            head: HTTPRequest(method: .get, scheme: "https", authority: "x", path: "\(Self.maps)?watch=1"), body: RequestBody(buffer: ByteBuffer()))
        let response = try await server.respond(
            to: request, context: KubeRequestContext(client: .localRoot, remoteAddress: "test", logger: Logger(label: "test")))
        #expect(response.status == .ok)
        #expect(response.headers[.connection] == "close")
    }

    @Test("refusals are the ones clients know", arguments: [
        ("GET", "/api/v1/namespaces/default/pods/x", 404, "NotFound", #"pods "x" not found"#),
        ("GET", "/apis/apps/v1/namespaces/d/statefulsets/x", 404, "NotFound", #"statefulsets.apps "x" not found"#),
        ("GET", "/api/v1/nothing", 404, "NotFound", "the server could not find the requested resource"),
        ("GET", "/nothing", 404, "NotFound", "the server could not find the requested resource"),
        ("PUT", "/api/v1/namespaces/default/pods", 405, "MethodNotAllowed", "the server does not allow this method on the requested resource"),
        ("GET", "/api/v1/pods?labelSelector=a%20b", 400, "BadRequest", #"unable to parse requirement: "a b" is not a label selector"#),
    ])
    func refusals(method: String, path: String, code: Int, reason: String, message: String) async throws {
        let answer = try await send(HTTPRequest.Method(method) ?? .get, path)
        #expect(answer.code == code)
        #expect(answer.json["kind"] == "Status")
        #expect(answer.json["reason"]?.string == reason)
        #expect(answer.json["message"]?.string == message)
        #expect(answer.json["code"]?.int == code)
    }

    @Test("media types that are not served are refused")
    func mediaTypes() async throws {
        #expect(try await send(.post, Self.maps, "x", type: "text/plain").code == 415)
        #expect(try await send(.get, Self.maps, accept: "application/xml").code == 406)
        #expect(try await send(.get, Self.maps, accept: "application/vnd.kubernetes.protobuf, application/json").code == 200)
        #expect(try await send(.patch, Self.maps + "/c", "{}", type: "application/json").code == 415)
    }

    @Test("create, read, replace, patch, delete")
    func lifecycle() async throws {
        #expect(try await send(.post, Self.maps, Self.configMap).code == 201)
        #expect(try await send(.post, Self.maps, Self.configMap).code == 409)
        #expect(try await send(.get, Self.maps + "/c").json.at("data", "a") == "1")
        #expect(try await send(.put, Self.maps + "/c", Self.configMap.replacing("\"1\"", with: "\"2\"")).json.at("data", "a") == "2")
        #expect(try await send(.patch, Self.maps + "/c", #"{"data":{"b":"3","a":null}}"#, type: "application/merge-patch+json").json["data"] == ["b": "3"])
        let list = try await send(.get, "/api/v1/configmaps")
        #expect(list.json["kind"] == "ConfigMapList")
        #expect(list.json["items"]?.array?.count == 1)
        let deleted = try await send(.delete, Self.maps + "/c")
        #expect(deleted.json["status"] == "Success")
        #expect(deleted.json.at("details", "kind") == "configmaps")
        #expect(try await send(.get, Self.maps + "/c").code == 404)
    }

    @Test("YAML in, YAML out")
    func yaml() async throws {
        let yaml = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: y}\ndata: {on: \"true\", text: \"1\"}\n"
        #expect(try await send(.post, Self.maps, yaml, type: "application/yaml").json.at("data", "text") == "1")
        let answer = try await send(.get, Self.maps + "/y", accept: "application/yaml")
        #expect(answer.text.contains("text: \"1\""))
        #expect(try JSONValue(parsingYAML: answer.text).at("data", "on") == "true")
    }

    @Test("field validation warns by default and refuses when strict")
    func fieldValidation() async throws {
        let body = Self.configMap.replacing("\"data\"", with: "\"dta\"")
        let warned = try await send(.post, Self.maps + "?dryRun=All", body)
        #expect(warned.code == 201)
        #expect(warned.headers[HTTPField.Name.warning] == #"299 - "unknown field \"dta\"""#)
        #expect(try await send(.post, Self.maps + "?fieldValidation=Strict", body).code == 400)
        #expect(try await send(.get, Self.maps + "/c").code == 404)
    }

    @Test("tables and metadata")
    func shapes() async throws {
        try await send(.post, Self.maps, Self.configMap)
        let table = try await send(.get, Self.maps, accept: "application/json;as=Table;v=v1;g=meta.k8s.io,application/json").json
        #expect(table["kind"] == "Table")
        #expect(table["columnDefinitions"]?.array?.map { $0["name"] } == ["Name", "Data", "Age"])
        #expect(table["rows"]?[0]?["cells"]?[0] == "c")
        #expect(table["rows"]?[0]?.at("object", "kind") == "PartialObjectMetadata")
        let metadata = try await send(.get, Self.maps + "/c", accept: "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io").json
        #expect(metadata["data"] == nil)
        #expect(metadata.at("metadata", "name") == "c")
    }

    @Test("discovery, legacy and aggregated")
    func discovery() async throws {
        #expect(try await send(.get, "/api").json["versions"] == ["v1"])
        #expect(try await send(.get, "/apis").json["kind"] == "APIGroupList")
        #expect(try await send(.get, "/apis/apps").json["name"] == "apps")
        let resources = try await send(.get, "/api/v1").json["resources"]?.array ?? []
        #expect(resources.contains { $0["name"] == "pods/log" })
        let aggregated = try await send(.get, "/apis", accept: "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json")
        #expect(aggregated.json["kind"] == "APIGroupDiscoveryList")
        #expect(aggregated.headers[.contentType]?.contains("APIGroupDiscoveryList") == true)
        #expect(try await send(.get, "/version").json["minor"] == "36")
    }

    @Test("both event APIs show the same events")
    func events() async throws {
        let event = #"{"metadata":{"name":"e"},"regarding":{"kind":"Pod","name":"p"},"note":"hello","reason":"R","type":"Normal","reportingController":"c"}"#
        #expect(try await send(.post, "/apis/events.k8s.io/v1/namespaces/default/events", event).code == 201)
        let core = try await send(.get, "/api/v1/namespaces/default/events?fieldSelector=involvedObject.name%3Dp").json
        #expect(core["items"]?[0]?["message"] == "hello")
        #expect(core["items"]?[0]?["apiVersion"] == "v1")
        let new = try await send(.get, "/apis/events.k8s.io/v1/events").json
        #expect(new["items"]?[0]?["note"] == "hello")
    }

    @Test("who is not known is refused, but for health and version")
    func anonymous() async throws {
        #expect(try await send(.get, "/api/v1/pods", client: .anonymous).code == 401)
        #expect(try await send(.get, "/readyz", client: .anonymous).text == "ok")
        #expect(try await send(.get, "/version", client: .anonymous).code == 200)
        let stranger = try await send(.get, "/api/v1/pods", client: .certificate(user: "eve", groups: []))
        #expect(stranger.code == 403)
        #expect(stranger.json["message"] == #"pods is forbidden: User "eve" cannot list resource "pods" in API group "" at the cluster scope"#)
        #expect(try await send(.get, "/api/v1/pods", client: .certificate(user: "system:node:n", groups: ["system:nodes"])).code == 200)
    }

    @Test("a service account token names its account until the pod it is bound to is gone")
    func tokens() async throws {
        try await send(.post, "/api/v1/namespaces/default/serviceaccounts", #"{"metadata":{"name":"sa"}}"#)
        try await send(.post, "/api/v1/namespaces/default/pods", #"{"metadata":{"name":"p"},"spec":{"serviceAccountName":"sa"}}"#)
        let request = #"{"spec":{"expirationSeconds":3607,"boundObjectRef":{"kind":"Pod","apiVersion":"v1","name":"p"}}}"#
        let issued = try await send(.post, "/api/v1/namespaces/default/serviceaccounts/sa/token", request)
        #expect(issued.code == 201)
        let token = try #require(issued.json.at("status", "token")?.string)
        let review = #"{"spec":{"token":"\#(token)"}}"#
        let known = try await send(.post, "/apis/authentication.k8s.io/v1/tokenreviews", review).json
        #expect(known.at("status", "user", "username") == "system:serviceaccount:default:sa")
        #expect(known.at("status", "authenticated") == true)
        #expect(try await send(.get, "/api/v1/pods", client: .anonymous, token: token).code == 403)
        #expect(try await send(.get, "/api/v1/pods", client: .anonymous, token: token.dropLast(4) + "AAAA").code == 401)
        // Who may only ask who it is does so in JSON: aliases of aliases in YAML would cost memory without bounds.
        let own = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
        #expect(try await send(.post, own, "{}", client: .anonymous, token: token).code == 201)
        #expect(try await send(.post, own, "metadata: {}", type: "application/yaml", client: .anonymous, token: token).code == 415)
        try await send(.delete, "/api/v1/namespaces/default/pods/p")
        let gone = try await send(.post, "/apis/authentication.k8s.io/v1/tokenreviews", review).json
        #expect(gone.at("status", "authenticated") == false)
    }

    @Test("a token is bound to a pod of its own account only, and a node asks for those of its own pods")
    func tokenOwners() async throws {
        let accounts = "/api/v1/namespaces/default/serviceaccounts"
        for name in ["sa", "powerful"] { try await send(.post, accounts, #"{"metadata":{"name":"\#(name)"}}"#) }
        for (name, node) in [("mine", "n1"), ("theirs", "n2")] {
            try await send(.post, "/api/v1/namespaces/default/pods", #"{"metadata":{"name":"\#(name)"},"spec":{"serviceAccountName":"sa","nodeName":"\#(node)"}}"#)
        }
        func bound(to pod: String) -> String { #"{"spec":{"boundObjectRef":{"kind":"Pod","apiVersion":"v1","name":"\#(pod)"}}}"# }
        let node = ClientIdentity.certificate(user: "system:node:n1", groups: ["system:nodes"])
        #expect(try await send(.post, accounts + "/sa/token", bound(to: "mine"), client: node).code == 201)
        #expect(try await send(.post, accounts + "/powerful/token", bound(to: "mine"), client: node).code == 400)
        #expect(try await send(.post, accounts + "/powerful/token", bound(to: "mine")).code == 400)
        #expect(try await send(.post, accounts + "/sa/token", bound(to: "theirs"), client: node).code == 403)
        #expect(try await send(.post, accounts + "/sa/token", #"{"spec":{}}"#, client: node).code == 403)
        #expect(try await send(.post, accounts + "/sa/token", #"{"spec":{}}"#).code == 201)
    }

    @Test("documents that are deeper, or larger than they look, are refused", .timeLimit(.minutes(1)))
    func bombs() async throws {
        func post(_ yaml: String) async throws -> Answer { try await send(.post, Self.maps, yaml, type: "application/yaml") }
        let levels = (1...40).map { "l\($0): &l\($0) [*l\($0 - 1), *l\($0 - 1)]" }.joined(separator: "\n")
        #expect(try await post("metadata: {name: x}\nl0: &l0 [a]\n" + levels).code == 413)
        let long = String(repeating: "x", count: 100_000)
        #expect(try await post("metadata: {name: x}\na: &a \(long)\ndata: [" + String(repeating: "*a,", count: 1000) + "]").code == 413)
        #expect(try await post("a: " + String(repeating: "[", count: 900) + String(repeating: "]", count: 900)).code == 400)
        #expect(try await post("a: " + String(repeating: "[", count: 500_000)).code == 400)
        // What people write: a value used twice.
        #expect(try await post("metadata: {name: x}\ndata: {a: &a text, b: *a}").json.at("data", "b") == "text")
    }

    @Test("access reviews follow the one policy", arguments: [("system:masters", true), ("system:nodes", true), ("others", false)])
    func access(group: String, allowed: Bool) async throws {
        let review = #"{"spec":{"user":"u","groups":["\#(group)"],"resourceAttributes":{"verb":"get","resource":"pods"}}}"#
        #expect(try await send(.post, "/apis/authorization.k8s.io/v1/subjectaccessreviews", review).json.at("status", "allowed")?.bool == allowed)
    }

    @Test("log and exec go to the pod's node, in its own terms")
    func node() async throws {
        try await send(.post, "/api/v1/nodes", #"{"metadata":{"name":"n"}}"#)
        try await send(.post, "/api/v1/namespaces/default/pods", #"{"metadata":{"name":"p"},"spec":{"nodeName":"n","containers":[{"name":"a"},{"name":"b"}]}}"#)
        let pod = "/api/v1/namespaces/default/pods/p"
        #expect(try await send(.get, pod + "/log?container=b&follow=true&tailLines=5").text == "/containerLogs/default/p/b?follow=true&tailLines=5")
        #expect(
            try await send(.post, pod + "/exec?command=sh&command=-c&command=echo%20hi&container=a&stdin=true&stdout=true").text
                == "/exec/default/p/a?command=sh&command=-c&command=echo%20hi&input=1&output=1")
        #expect(try await send(.get, pod + "/log").json["message"] == "a container name must be specified for pod p, choose one of: [a b]")
        #expect(try await send(.get, "/api/v1/nodes/n/proxy/stats/summary?only_cpu_and_memory=true").text == "/stats/summary?only_cpu_and_memory=true")
    }

    @Test("scale reads and writes the replicas")
    func scale() async throws {
        let sets = "/apis/apps/v1/namespaces/default/statefulsets"
        try await send(.post, sets, #"{"metadata":{"name":"w"},"spec":{"replicas":1,"selector":{"matchLabels":{"a":"b"}}}}"#)
        let scale = try await send(.get, sets + "/w/scale").json
        #expect(scale.at("spec", "replicas") == 1)
        #expect(scale.at("status", "selector") == "a=b")
        #expect(try await send(.patch, sets + "/w/scale", #"{"spec":{"replicas":4}}"#, type: "application/merge-patch+json").json.at("spec", "replicas") == 4)
        #expect(try await send(.get, sets + "/w").json.at("metadata", "generation") == 2)
    }

    @Test("a protobuf body is read, as Go clients send it")
    func protobuf() throws {
        // Namespace "x" with a label, an empty spec and an empty status, in the envelope of apimachinery.
        let object: [UInt8] = [0x0A, 0x0D, 0x0A, 0x01, 0x78, 0x12, 0x00, 0x5A, 0x06, 0x0A, 0x01, 0x61, 0x12, 0x01, 0x62, 0x12, 0x00, 0x1A, 0x00]
        let type: [UInt8] = [0x0A, 0x02] + "v1".utf8 + [0x12, 0x09] + "Namespace".utf8
        let body: [UInt8] = Array("k8s\0".utf8) + [0x0A, UInt8(type.count)] + type + [0x12, UInt8(object.count)] + object
        let value = try ProtobufDocument().decode(body)
        #expect(value == ["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": "x", "labels": ["a": "b"]], "spec": [:], "status": [:]])
        #expect(throws: APIError.self) { try ProtobufDocument().decode(Array(body.dropLast())) }
    }
}
