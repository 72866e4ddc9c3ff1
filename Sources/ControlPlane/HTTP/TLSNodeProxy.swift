import AsyncHTTPClient
package import HTTPServing
import HTTPTypes
package import Hummingbird
import KubeAPI
import Logging
package import NIOCore
import NIOHTTP1
import NIOHTTPTypesHTTP1
import NIOSSL

/// Reaches the nodes as a Kubernetes API server does: mutual TLS to the first address and the port in the Node's status.
package struct TLSNodeProxy: NodeProxy {
    private let http: HTTPClient
    private let upgrades: UpgradeClient

    /// Fields that belong to the client's own connection, or to its identity towards us.
    private static let ownFields: Set<HTTPField.Name> = [.authorization, .connection, .contentLength, .transferEncoding, .upgrade]

    /// - Parameters:
    ///   - client: the certificate shown to the nodes.
    ///   - authorityPEM: what their serving certificates are checked against.
    package init(client: KeyPair, authorityPEM: String, eventLoopGroup: any EventLoopGroup) throws {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(authorityPEM.utf8)))
        tls.certificateChain = try NIOSSLCertificate.fromPEMBytes(Array(client.certificatePEM.utf8)).map { .certificate($0) }
        tls.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: Array(client.privateKeyPEM.utf8), format: .pem))
        http = HTTPClient(
            eventLoopGroup: eventLoopGroup,
            configuration: HTTPClient.Configuration(tlsConfiguration: tls, timeout: .init(connect: .seconds(10))))
        upgrades = UpgradeClient(tls: try NIOSSLContext(configuration: tls), eventLoopGroup: eventLoopGroup)
    }

    package func shutDown() async throws { try await http.shutdown() }

    package func respond(to request: NodeRequest, _ context: KubeRequestContext) async -> Response {
        do {
            let (host, port) = try Self.endpoint(of: request.node)
            var forwarded = HTTPClientRequest(url: "https://\(host.contains(":") ? "[\(host)]" : host):\(port)\(request.path)")
            forwarded.method = .init(request.method)
            if request.method != .get { forwarded.body = .stream(request.body, length: .unknown) }
            // A followed log may be silent for days: only the connection has a deadline.
            let answer = try await http.execute(forwarded, deadline: .distantFuture)
            var headers = HTTPFields()
            for field in HTTPFields(answer.headers, splitCookie: false) where !Self.ownFields.contains(field.name) { headers.append(field) }
            guard answer.status != .notFound || !request.path.hasPrefix("/containerLogs") else {
                let text = String(buffer: try await answer.body.collect(upTo: 64 << 10))
                return .status(.notFound, message: text, reason: "NotFound")
            }
            return Response(
                status: .init(code: Int(answer.status.code), reasonPhrase: answer.status.reasonPhrase), headers: headers,
                body: ResponseBody(asyncSequence: answer.body))
        } catch {
            return .status(.internalServerError, message: "asking node \(request.name): \(error)", reason: "InternalError")
        }
    }

    package func upgrade(_ upgrade: UpgradeRequest, to request: NodeRequest, _ context: KubeRequestContext) async -> UpgradeDecision {
        do {
            let (host, port) = try Self.endpoint(of: request.node)
            var head = upgrade.head
            head.path = request.path
            for name in Self.ownFields { head.headerFields[name] = nil }
            let connection = try await upgrades.open(
                host: host, port: port, upgrade: upgrade.protocol == "websocket" ? "websocket" : "SPDY/3.1", request: head)
            var headers = connection.headers
            for name in Self.ownFields { headers[name] = nil }
            return .bytes(headers: headers) { client in
                do {
                    try await connection.relay(to: client)
                } catch {
                    context.logger.debug("proxied connection ended", metadata: ["path": "\(request.path)", "error": "\(error)"])
                }
            }
        } catch let HTTPServingError.upgradeRefused(status, body) {
            let reason = status == 404 ? "NotFound" : status == 400 ? "BadRequest" : status == 403 ? "Forbidden" : "InternalError"
            return .refuse(.status(.init(code: status), message: body, reason: reason))
        } catch {
            return .refuse(.status(.internalServerError, message: "asking node \(request.name): \(error)", reason: "InternalError"))
        }
    }

    /// Source: kube-apiserver `--kubelet-preferred-address-types`; an address that is an IP needs no name service.
    private static func endpoint(of node: JSONValue) throws -> (host: String, port: Int) {
        let name = node.at("metadata", "name")?.string ?? ""
        guard let port = node.at("status", "daemonEndpoints", "kubeletEndpoint", "Port")?.int else {
            throw NodeUnreachable(node: name, lacking: "status.daemonEndpoints.kubeletEndpoint.Port")
        }
        let addresses = node.at("status", "addresses")?.array ?? []
        for type in ["InternalIP", "Hostname", "InternalDNS", "ExternalIP"] {
            if let found = addresses.first(where: { $0["type"]?.string == type })?["address"]?.string { return (found, port) }
        }
        throw NodeUnreachable(node: name, lacking: "status.addresses")
    }
}

private struct NodeUnreachable: Error, CustomStringConvertible {
    let node: String
    let lacking: String
    var description: String { "node \(node) has not reported \(lacking) yet; wait until it is Ready" }
}

extension NodeRequest {
    fileprivate var name: String { node.at("metadata", "name")?.string ?? "" }
}
