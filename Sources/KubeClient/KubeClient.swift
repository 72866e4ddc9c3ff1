import AsyncHTTPClient
import Dispatch
import FoundationEssentials
package import KubeAPI
import LinuxSystem
package import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// A client of one Kubernetes API server: typed requests over one pool of connections.
package final class KubeClient: Sendable {
    package let server: String
    /// Requests that end. A server that speaks HTTP/1.1 gets them over few connections: each costs it and us a handshake and 60 KiB,
    /// and thirty pods that start at once have hundreds.
    private let http: HTTPClient
    /// Watches, each of which holds a connection of its own there.
    private let watches: HTTPClient
    let logger: Logger
    private let token: KubeConfiguration.BearerToken?
    private let userAgent: String

    /// Longest wait for an answer that is not a watch.
    private static let requestTimeout = TimeAmount.seconds(30)
    private static let connections = 8
    /// A list of every object on a large cluster stays well below this. Bytes.
    private static let maximumBody = 256 << 20

    package init(configuration: KubeConfiguration, userAgent: String = "berthd", logger: Logger) throws(KubeClientError) {
        server = configuration.server
        token = configuration.token
        self.userAgent = userAgent
        self.logger = logger
        var client = HTTPClient.Configuration(
            tlsConfiguration: try configuration.tlsConfiguration(), redirectConfiguration: .disallow,
            timeout: .init(connect: .seconds(10), read: .seconds(Int64(WatchTiming.silence))),
            connectionPool: .init(idleTimeout: .seconds(90)))
        client.connectionPool.retryConnectionEstablishment = false
        client.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = Self.connections
        http = HTTPClient(eventLoopGroup: MultiThreadedEventLoopGroup.singleton, configuration: client)
        client.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 1024
        watches = HTTPClient(eventLoopGroup: MultiThreadedEventLoopGroup.singleton, configuration: client)
    }

    /// Closes every connection; requests under way fail.
    package func shutDown() async throws {
        try await watches.shutdown()
        try await http.shutdown()
    }

    deinit {
        // For a start that failed half way, where nobody shuts it down; a second time is refused, which is fine.
        watches.shutdown { _ in }
        http.shutdown { _ in }
    }

    // MARK: Objects

    package func get<Object: KubeObject>(
        _ type: Object.Type = Object.self, named name: String, in namespace: String = ""
    ) async throws(KubeClientError) -> Object {
        try await send(.get, ResourcePath(type, namespace: namespace, name: name))
    }

    /// One consistent list of the whole collection.
    package func list<Object: KubeObject>(
        _ type: Object.Type = Object.self, in namespace: String? = nil, matching selector: ObjectSelector = .all
    ) async throws(KubeClientError) -> ObjectList<Object> {
        try await send(.get, ResourcePath(type, namespace: namespace), query: selector.query)
    }

    package func create<Object: KubeObject>(_ object: Object) async throws(KubeClientError) -> Object {
        try await send(.post, ResourcePath(Object.self, namespace: object.metadata.namespace), encoding: object)
    }

    /// Replaces an object; `metadata.resourceVersion`, when set, must still be current.
    package func update<Object: KubeObject>(_ object: Object, subresource: String? = nil) async throws(KubeClientError) -> Object {
        let metadata = object.metadata
        return try await send(
            .put, ResourcePath(Object.self, namespace: metadata.namespace, name: metadata.name, subresource: subresource), encoding: object)
    }

    package func patch<Object: KubeObject>(
        _ type: Object.Type = Object.self, named name: String, in namespace: String = "", subresource: String? = nil, with patch: Patch
    ) async throws(KubeClientError) -> Object {
        try await send(
            .patch, ResourcePath(type, namespace: namespace, name: name, subresource: subresource),
            query: query(for: patch), body: patch.body, contentType: patch.format.rawValue)
    }

    // MARK: Writing, for who has no use for the answer

    /// The object as it then is need not be sent back whole, nor be taken apart.
    private static let metadataOnly = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json"

    package func submit<Object: KubeObject>(_ object: Object) async throws(KubeClientError) {
        _ = try await perform(
            .post, ResourcePath(Object.self, namespace: object.metadata.namespace), body: try Self.encode(object), contentType: "application/json",
            accept: Self.metadataOnly)
    }

    package func submit<Object: KubeObject>(
        _ patch: Patch, to type: Object.Type, named name: String, in namespace: String = "", subresource: String? = nil
    ) async throws(KubeClientError) {
        _ = try await perform(
            .patch, ResourcePath(type, namespace: namespace, name: name, subresource: subresource), query: query(for: patch), body: patch.body,
            contentType: patch.format.rawValue, accept: Self.metadataOnly)
    }

    private func query(for patch: Patch) -> [(String, String)] { patch.format == .apply ? [("fieldManager", userAgent), ("force", "true")] : [] }

    /// - Parameter uid: the object is deleted only if it still has this UID.
    package func delete<Object: KubeObject>(
        _ type: Object.Type, named name: String, in namespace: String = "", uid: String? = nil, gracePeriodSeconds: Int? = nil
    ) async throws(KubeClientError) {
        let options = DeleteOptions(gracePeriodSeconds: gracePeriodSeconds, preconditions: uid.map(DeleteOptions.Preconditions.init))
        _ = try await perform(
            .delete, ResourcePath(type, namespace: namespace, name: name), body: try Self.encode(options), contentType: "application/json")
    }

    // MARK: Any resource

    /// One request whose answer is read whole.
    ///
    /// - Returns: the body of a 2xx answer. Every other answer is thrown as `.refused`.
    package func perform(
        _ method: RequestMethod, _ path: ResourcePath, query: [(String, String)] = [], body: [UInt8]? = nil, contentType: String? = nil,
        accept: String = "application/json"
    ) async throws(KubeClientError) -> [UInt8] {
        let name = "\(method.rawValue) \(path)"
        let response = try await answer(
            to: request(method, path, query: query, body: body, contentType: contentType, accept: accept), named: name,
            deadline: .now() + Self.requestTimeout)
        do {
            return [UInt8](buffer: try await response.body.collect(upTo: Self.maximumBody))
        } catch {
            throw .unreachable(server: server, cause: Self.cause(of: error))
        }
    }

    func send<Answer: Decodable>(
        _ method: RequestMethod, _ path: ResourcePath, query: [(String, String)] = [], body: [UInt8]? = nil, contentType: String? = nil
    ) async throws(KubeClientError) -> Answer {
        let bytes = try await perform(method, path, query: query, body: body, contentType: contentType)
        do {
            return try JSONDecoder().decode(Answer.self, from: Data(bytes))
        } catch {
            throw .undecodable(request: "\(method.rawValue) \(path)", cause: "\(error)")
        }
    }

    func send<Answer: Decodable>(
        _ method: RequestMethod, _ path: ResourcePath, encoding body: some Encodable
    ) async throws(KubeClientError) -> Answer {
        try await send(method, path, body: try Self.encode(body), contentType: "application/json")
    }

    func request(
        _ method: RequestMethod, _ path: ResourcePath, query: [(String, String)], body: [UInt8]? = nil, contentType: String? = nil,
        accept: String = "application/json"
    ) throws(KubeClientError) -> HTTPClientRequest {
        let query = query.map { "\($0)=\(ResourcePath.encoded($1))" }.joined(separator: "&")
        var request = HTTPClientRequest(url: server + path.description + (query.isEmpty ? "" : "?\(query)"))
        request.method = HTTPMethod(rawValue: method.rawValue)
        request.headers.add(name: "accept", value: accept)
        request.headers.add(name: "user-agent", value: userAgent)
        if let token = try currentToken() { request.headers.add(name: "authorization", value: "Bearer \(token)") }
        if let contentType { request.headers.add(name: "content-type", value: contentType) }
        if let body { request.body = .bytes(ByteBuffer(bytes: body)) }
        return request
    }

    /// The head of a 2xx answer; the body is still to be read.
    ///
    /// - Parameter isWatch: the body has no end.
    func answer(
        to request: HTTPClientRequest, named name: String, deadline: NIODeadline, isWatch: Bool = false
    ) async throws(KubeClientError) -> HTTPClientResponse {
        let response: HTTPClientResponse
        do {
            response = try await (isWatch ? watches : http).execute(request, deadline: deadline)
            if (200..<300).contains(response.status.code) { return response }
        } catch {
            throw .unreachable(server: server, cause: Self.cause(of: error))
        }
        let body: [UInt8]
        do {
            body = [UInt8](buffer: try await response.body.collect(upTo: 1 << 20))
        } catch {
            throw .unreachable(server: server, cause: Self.cause(of: error))
        }
        throw .refused(Self.status(in: body, code: Int(response.status.code), phrase: response.status.reasonPhrase), request: name)
    }

    static func encode(_ value: some Encodable) throws(KubeClientError) -> [UInt8] {
        do {
            return [UInt8](try JSONEncoder().encode(value))
        } catch {
            throw .undecodable(request: "encoding \(type(of: value))", cause: "\(error)")
        }
    }

    /// The `Status` an API server sends with a refusal, or one made of what a proxy in between had to say.
    private static func status(in body: [UInt8], code: Int, phrase: String) -> Status {
        do {
            var status = try JSONDecoder().decode(Status.self, from: Data(body))
            if status.code == 0 { status.code = code }
            return status
        } catch {
            let text = String(decoding: body.prefix(300), as: UTF8.self)
            return Status(code: code, reason: phrase, message: text.isEmpty ? "HTTP \(code) \(phrase)" : text)
        }
    }

    static func cause(of error: any Error) -> String {
        switch error {
        case let error as HTTPClientError: error.shortDescription
        case let error as NIOConnectionError:
            error.connectionErrors.first.map { cause(of: $0.error) } ?? "no address for \(error.host)"
        case let error as IOError: SystemCallError.text(of: error.errnoCode)
        default: "\(error)"
        }
    }

    private func currentToken() throws(KubeClientError) -> String? {
        switch token {
        case nil: return nil
        case .value(let value): return value
        case .file(let path):
            do {
                return try String(contentsOf: URL(filePath: path), encoding: .utf8).trimmingPrefix(while: \.isWhitespace)
                    .split(whereSeparator: \.isWhitespace).first.map(String.init)
            } catch {
                throw .configuration(file: path, field: "tokenFile", problem: "cannot be read")
            }
        }
    }
}
