import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypesHTTP1
import NIOPosix
import NIOSSL
import HTTPServing
import Synchronization

/// Opens upgraded connections to another server, so that a proxy can pass bytes on without understanding them.
struct UpgradeClient: Sendable {
    private let tls: NIOSSLContext
    private let eventLoopGroup: any EventLoopGroup

    init(tls: NIOSSLContext, eventLoopGroup: any EventLoopGroup) {
        self.tls = tls
        self.eventLoopGroup = eventLoopGroup
    }

    /// Sends `request` with its `Upgrade` field and waits for the answer.
    ///
    /// - Parameters:
    ///   - upgrade: the value of the `Upgrade` field.
    ///   - request: path, method and the fields to pass on; hop-by-hop fields are replaced.
    /// - Throws: `upgradeRefused` with the server's own status and text, or `unreachable`.
    func open(
        host: String, port: Int, upgrade: String, request: HTTPRequest
    ) async throws(UpgradeFailure) -> UpgradedConnection {
        var fields = request.headerFields
        fields[.upgrade] = nil
        fields[.connection] = nil
        fields[.authorization] = nil
        var headers = HTTPHeaders(fields)
        headers.add(name: "Host", value: "\(host):\(port)")
        let head = HTTPRequestHead(version: .http1_1, method: .init(request.method), uri: request.path ?? "/", headers: headers)
        let outcome: Answer
        do {
            outcome = try await ClientBootstrap(group: eventLoopGroup)
                .connectTimeout(.seconds(10))
                .channelOption(.allowRemoteHalfClosure, value: true)
                .connect(host: host, port: port) { [tls] channel in
                    channel.eventLoop.makeCompletedFuture {
                        let pipeline = channel.pipeline.syncOperations
                        try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: nil))
                        let configuration = NIOTypedHTTPClientUpgradeConfiguration<Answer>(
                            upgradeRequestHead: head, upgraders: [PassThroughUpgrader(supportedProtocol: upgrade)]
                        ) { channel in
                            channel.eventLoop.makeCompletedFuture { .refused(try NIOAsyncChannel(wrappingChannelSynchronously: channel)) }
                        }
                        var options = NIOUpgradableHTTPClientPipelineConfiguration(upgradeConfiguration: configuration)
                        options.leftOverBytesStrategy = .forwardBytes
                        return try pipeline.configureUpgradableHTTPClientPipeline(configuration: options)
                    }
                }.get()
        } catch {
            throw .unreachable(address: "\(host):\(port)", cause: error)
        }
        switch outcome {
        case .upgraded(let connection): return connection
        case .refused(let channel): throw await Self.refusal(channel, address: "\(host):\(port)")
        }
    }

    private typealias PlainHTTP = NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>

    private enum Answer: Sendable {
        case upgraded(UpgradedConnection)
        case refused(PlainHTTP)
    }

    private struct PassThroughUpgrader: NIOTypedHTTPClientProtocolUpgrader {
        let supportedProtocol: String
        let requiredUpgradeHeaders: [String] = []

        func addCustom(upgradeRequestHeaders: inout HTTPHeaders) {}
        func shouldAllowUpgrade(upgradeResponse: HTTPResponseHead) -> Bool { upgradeResponse.status == .switchingProtocols }

        func upgrade(channel: any Channel, upgradeResponse: HTTPResponseHead) -> EventLoopFuture<Answer> {
            channel.eventLoop.makeCompletedFuture {
                let bytes = try ByteChannel(
                    wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
                let fields = HTTPFields(upgradeResponse.headers, splitCookie: false)
                return .upgraded(UpgradedConnection(headers: fields, channel: bytes))
            }
        }
    }

    /// A refusal's text, at most 64 KiB of it.
    private static func refusal(_ channel: PlainHTTP, address: String) async -> UpgradeFailure {
        do {
            return try await channel.executeThenClose { inbound, _ in
                var status = 502
                var body = ByteBuffer()
                for try await part in inbound {
                    switch part {
                    case .head(let head): status = Int(head.status.code)
                    case .body(var bytes): if body.readableBytes < 64 << 10 { body.writeBuffer(&bytes) }
                    case .end: return .upgradeRefused(status: status, body: String(buffer: body))
                    }
                }
                return .upgradeRefused(status: status, body: String(buffer: body))
            }
        } catch {
            return .unreachable(address: address, cause: error)
        }
    }
}

/// The far end of a proxied upgrade, with the header fields of its 101.
final class UpgradedConnection: Sendable {
    let headers: HTTPFields
    private let channel: Mutex<ByteChannel?>

    init(headers: HTTPFields, channel: ByteChannel) {
        self.headers = headers
        self.channel = Mutex(channel)
    }

    /// Passes bytes both ways until either end has closed; each direction closes on its own.
    func relay(to client: ByteChannel) async throws {
        guard let channel = channel.withLock({ $0.take() }) else { return }
        try await channel.executeThenClose { farInbound, farOutbound in
            try await client.executeThenClose { nearInbound, nearOutbound in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        for try await bytes in farInbound { try await nearOutbound.write(bytes) }
                        nearOutbound.finish()
                    }
                    group.addTask {
                        for try await bytes in nearInbound { try await farOutbound.write(bytes) }
                        farOutbound.finish()
                    }
                    try await group.next()
                    try await group.next()
                }
            }
        }
    }

    deinit {
        // The client went between our 101 and its use: nobody awaits this, and the channel must be closed by its owner.
        guard let abandoned = channel.withLock({ $0.take() }) else { return }
        Task { try? await abandoned.executeThenClose { _, _ in } }
    }
}

enum UpgradeFailure: Error, CustomStringConvertible {
    case upgradeRefused(status: Int, body: String)
    case unreachable(address: String, cause: any Error)

    var description: String {
        switch self {
        case .upgradeRefused(let status, let body): "the server answered \(status) instead of switching protocols: \(body)"
        case .unreachable(let address, let cause): "connecting to \(address): \(cause)"
        }
    }
}
