import FoundationEssentials
import Glibc
import KubeAPI
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOWebSocket

/// One exec over the daemon's socket, in the `v5.channel.k8s.io` dialect.
struct ExecStream: Sendable {
    let socket: String
    let path: String
    let sendsInput: Bool
    let size: (width: UInt16, height: UInt16)?

    private typealias Frames = NIOAsyncChannel<WebSocketFrame, WebSocketFrame>

    private enum Answer: Sendable {
        case upgraded(Frames)
        case refused(NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>)
    }

    /// - Returns: the command's exit code.
    func run() async throws -> Int {
        switch try await open() {
        case .upgraded(let frames): return try await carry(frames)
        case .refused(let channel): throw try await Self.failure(channel)
        }
    }

    private func open() async throws -> Answer {
        let head = HTTPRequestHead(
            version: .http1_1, method: .GET, uri: path, headers: ["Host": "localhost", "Sec-WebSocket-Protocol": "v5.channel.k8s.io"])
        let upgrader = NIOTypedWebSocketClientUpgrader<Answer>(maxFrameSize: 4 << 20) { channel, _ in
            channel.eventLoop.makeCompletedFuture { .upgraded(try Frames(wrappingChannelSynchronously: channel)) }
        }
        let configuration = NIOTypedHTTPClientUpgradeConfiguration<Answer>(upgradeRequestHead: head, upgraders: [upgrader]) { channel in
            channel.eventLoop.makeCompletedFuture { .refused(try NIOAsyncChannel(wrappingChannelSynchronously: channel)) }
        }
        let negotiation: EventLoopFuture<Answer>
        do {
            negotiation = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).connect(unixDomainSocketPath: socket) { channel in
                channel.eventLoop.makeCompletedFuture {
                    var options = NIOUpgradableHTTPClientPipelineConfiguration(upgradeConfiguration: configuration)
                    options.leftOverBytesStrategy = .forwardBytes
                    return try channel.pipeline.syncOperations.configureUpgradableHTTPClientPipeline(configuration: options)
                }
            }
        } catch {
            throw NodeConnection.down(socket)
        }
        return try await negotiation.get()
    }

    private func carry(_ frames: Frames) async throws -> Int {
        try await frames.executeThenClose { inbound, outbound in
            try await withThrowingTaskGroup(of: Int?.self) { group in
                if let size {
                    let text = #"{"Width":\#(size.width),"Height":\#(size.height)}"#
                    try await outbound.write(Self.frame(channel: 4, ByteBuffer(string: text)))
                }
                if sendsInput { group.addTask { try await Self.sendInput(outbound) } }
                group.addTask { try await Self.receive(inbound) }
                // Input may end long before the command does.
                while let outcome = try await group.next() {
                    if let code = outcome {
                        group.cancelAll()
                        return code
                    }
                }
                throw Failure("berthd closed the connection before the command ended")
            }
        }
    }

    private static func sendInput(_ outbound: NIOAsyncChannelOutboundWriter<WebSocketFrame>) async throws -> Int? {
        let input = try await NIOPipeBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .takingOwnershipOfDescriptor(input: dup(STDIN_FILENO)) { channel in
                channel.eventLoop.makeCompletedFuture { try NIOAsyncChannel<ByteBuffer, Never>(wrappingChannelSynchronously: channel) }
            }
        try await input.executeThenClose { inbound in
            for try await bytes in inbound { try await outbound.write(frame(channel: 0, bytes)) }
        }
        try await outbound.write(frame(channel: 255, ByteBuffer(bytes: [0])))
        return nil
    }

    private static func receive(_ inbound: NIOAsyncChannelInboundStream<WebSocketFrame>) async throws -> Int? {
        var code: Int?
        for try await frame in inbound {
            if frame.opcode == .connectionClose { break }
            var data = frame.unmaskedData
            switch data.readInteger(as: UInt8.self) {
            case 1: try output(data, to: STDOUT_FILENO)
            case 2: try output(data, to: STDERR_FILENO)
            case 3 where data.readableBytes > 0:
                let status = try JSONDecoder().decode(Status.self, from: Data(data.readableBytesView))
                if status.status == "Success" {
                    code = 0
                } else if let exit = status.details?.causes.first(where: { $0.reason == "ExitCode" }), let number = Int(exit.message) {
                    code = number
                } else {
                    throw Failure(status.message)
                }
            default: continue
            }
        }
        guard let code else { throw Failure("the command ended without telling its exit code") }
        return code
    }

    /// Clients mask what they send. Source: RFC 6455 section 5.3.
    private static func frame(channel: UInt8, _ bytes: ByteBuffer) -> WebSocketFrame {
        var data = ByteBuffer(bytes: [channel])
        data.writeImmutableBuffer(bytes)
        return WebSocketFrame(fin: true, opcode: .binary, maskKey: .random(), data: data)
    }

    private static func output(_ bytes: ByteBuffer, to descriptor: CInt) throws {
        var rest = Array(bytes.readableBytesView)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { throw Failure("writing the output: \(String(cString: strerror(errno)))") }
            rest = rest.dropFirst(count)
        }
    }

    private static func failure(_ channel: NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>) async throws -> Failure {
        try await channel.executeThenClose { inbound, _ in
            var text = ""
            for try await part in inbound {
                if case .body(let bytes) = part { text += String(buffer: bytes) }
                if case .end = part { break }
            }
            // Anything but a Status comes from who is not berthd.
            let message = (try? JSONDecoder().decode(Status.self, from: Data(text.utf8)))?.message ?? text
            let lines = message.split(separator: "\n", maxSplits: 1).map(String.init)
            return Failure(lines.first ?? "berthd refused", remedy: lines.count > 1 ? lines[1].trimmed : nil)
        }
    }
}
