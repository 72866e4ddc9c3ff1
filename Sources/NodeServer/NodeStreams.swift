import HTTPServing
import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOWebSocket

/// The upgrades of the node API: exec, attach and portForward, each over WebSocket or SPDY.
struct NodeStreams: Sendable {
    let backend: any NodeBackend
    let authorizer: RequestAuthorizer
    let eventLoopGroup: any EventLoopGroup
    let logger: Logger

    func decide(_ upgrade: UpgradeRequest, _ context: KubeRequestContext) async -> UpgradeDecision {
        let (path, query) = Self.split(upgrade.head.path ?? "/")
        do throws(NodeServerError) {
            try await authorizer.check(
                method: upgrade.head.method, path: path, authorization: upgrade.head.headerFields[.authorization], client: context.client)
            let parts = path.split(separator: "/").map(String.init)
            switch (parts.first, parts.count) {
            case ("exec", 4...5), ("attach", 4...5): return try await command(upgrade, parts, query)
            case ("portForward", 3...4):
                let pod = PodTarget(namespace: parts[1], name: parts[2], uid: parts.count == 4 ? parts[3] : nil)
                return try portForward(upgrade, pod, query)
            default: throw .notFound("the node API upgrades nothing at \(path)")
            }
        } catch {
            return .refuse(error.refusal)
        }
    }

    private func command(_ upgrade: UpgradeRequest, _ parts: [String], _ query: RequestQuery) async throws(NodeServerError) -> UpgradeDecision {
        let target = ContainerTarget(
            pod: PodTarget(namespace: parts[1], name: parts[2], uid: parts.count == 5 ? parts[3] : nil), container: parts[parts.count - 1])
        let (stdin, stdout, tty) = (query.flag("input"), query.flag("output"), query.flag("tty"))
        // A terminal has one output.
        let stderr = query.flag("error") && !tty
        guard stdin || stdout || stderr else { throw .badRequest("you must specify at least 1 of stdin, stdout, stderr") }
        let offer = try Offer(upgrade)
        let streams: ProcessStreams
        if parts[0] == "exec" {
            let command = query.all("command")
            guard !command.isEmpty else { throw .badRequest("exec needs a command: add command=<word> once per word") }
            streams = try await backend.exec(target, ExecRequest(command: command, stdin: stdin, stdout: stdout, stderr: stderr, tty: tty))
        } else {
            streams = try await backend.attach(target, AttachRequest(stdin: stdin, stdout: stdout, stderr: stderr, tty: tty))
        }
        let session = RemoteCommandSession(streams: streams, eventLoopGroup: eventLoopGroup, logger: logger)
        switch offer {
        case .webSocket(let dialect):
            let outputs: [RemoteChannel] = (stdout ? [.stdout] : []) + (stderr ? [.stderr] : []) + [.error]
            return .webSocket(subprotocol: dialect.name) { channel in
                await logged("remote command") {
                    try await channel.executeThenClose { inbound, outbound in
                        let transport = WebSocketRemoteCommand(inbound: inbound, outbound: outbound, dialect: dialect)
                        try await transport.open(outputs)
                        await session.run(over: transport)
                    }
                }
            }
        case .spdy(let version):
            var expected: Set<RemoteChannel> = [.error]
            if stdin { expected.insert(.stdin) }
            if stdout { expected.insert(.stdout) }
            if stderr { expected.insert(.stderr) }
            if tty, Self.hasResize(version) { expected.insert(.resize) }
            return .bytes(headers: Self.spdyHeaders(version)) { [expected] channel in
                await logged("remote command") {
                    try await channel.executeThenClose { inbound, outbound in
                        let spdy = try SPDYSession(inbound: inbound) { try await outbound.write($0) }
                        let transport = try await SPDYRemoteCommand.accept(
                            session: spdy, expected: expected, hasStatus: version == "v4.channel.k8s.io")
                        if let transport { await session.run(over: transport) }
                    }
                }
            }
        }
    }

    private func portForward(_ upgrade: UpgradeRequest, _ pod: PodTarget, _ query: RequestQuery) throws(NodeServerError) -> UpgradeDecision {
        let forwarder = PortForwarder(pod: pod, backend: backend, eventLoopGroup: eventLoopGroup)
        let logger = logger
        let offered = upgrade.offeredSubprotocols
        if upgrade.protocol == "spdy/3.1" {
            return .bytes(headers: Self.spdyHeaders("portforward.k8s.io")) { channel in
                await logged("port forward") {
                    try await channel.executeThenClose { inbound, outbound in
                        let spdy = try SPDYSession(inbound: inbound) { try await outbound.write($0) }
                        try await SPDYPortForward(session: spdy, forwarder: forwarder, logger: logger).run()
                    }
                }
            }
        }
        let tunnel = "SPDY/3.1+portforward.k8s.io"
        if offered.contains(tunnel) {
            return .webSocket(subprotocol: tunnel) { channel in
                await logged("port forward") {
                    try await channel.executeThenClose { inbound, outbound in
                        let spdy = try SPDYSession(inbound: WebSocketBytes(frames: inbound, outbound: outbound)) { bytes in
                            try await outbound.write(WebSocketFrame(fin: true, opcode: .binary, data: bytes))
                        }
                        try await SPDYPortForward(session: spdy, forwarder: forwarder, logger: logger).run()
                    }
                }
            }
        }
        let dialect = try Self.dialect(offered)
        let ports = query.all("port").flatMap { $0.split(separator: ",") }.map { (String($0), UInt16($0) ?? 0) }
        if let bad = ports.first(where: { $0.1 == 0 }) { throw .badRequest("port: Invalid value: \"\(bad.0)\": must be 1 to 65535") }
        guard !ports.isEmpty, ports.count <= 64 else { throw .badRequest("query parameter \"port\" is required, at most 64 times") }
        let session = WebSocketPortForward(ports: ports.map(\.1), dialect: dialect, forwarder: forwarder, logger: logger)
        return .webSocket(subprotocol: dialect.name) { channel in
            await logged("port forward") { try await session.run(on: channel) }
        }
    }

    /// Which framing the client asks for.
    private enum Offer {
        case webSocket(ChannelProtocol)
        case spdy(version: String)

        init(_ upgrade: UpgradeRequest) throws(NodeServerError) {
            guard upgrade.protocol == "spdy/3.1" else {
                self = .webSocket(try NodeStreams.dialect(upgrade.offeredSubprotocols))
                return
            }
            let known = ["v4.channel.k8s.io", "v3.channel.k8s.io", "v2.channel.k8s.io", "channel.k8s.io"]
            let offered = upgrade.offeredStreamProtocols
            guard let version = offered.isEmpty ? "channel.k8s.io" : known.first(where: offered.contains) else {
                throw .badRequest("none of the stream protocols \(offered.joined(separator: ", ")) is served; offer v4.channel.k8s.io")
            }
            self = .spdy(version: version)
        }
    }

    private static func dialect(_ offered: [String]) throws(NodeServerError) -> ChannelProtocol {
        guard let dialect = ChannelProtocol.negotiate(offered: offered) else {
            throw .badRequest("none of the subprotocols \(offered.joined(separator: ", ")) is served; offer v5.channel.k8s.io")
        }
        return dialect
    }

    private static func hasResize(_ version: String) -> Bool { version == "v4.channel.k8s.io" || version == "v3.channel.k8s.io" }

    private static func spdyHeaders(_ version: String) -> HTTPFields {
        var fields = HTTPFields()
        fields[.streamProtocolVersion] = version
        return fields
    }

    private func logged(_ what: String, _ body: () async throws -> Void) async {
        do {
            try await body()
        } catch {
            logger.debug("\(what) ended", metadata: ["error": "\(error)"])
        }
    }

    private static func split(_ target: String) -> (path: String, query: RequestQuery) {
        let halves = target.split(separator: "?", maxSplits: 1)
        return (halves.first.map(String.init) ?? "/", RequestQuery(halves.count > 1 ? String(halves[1]) : ""))
    }
}

extension HTTPField.Name {
    // These literals are valid field names.
    static let streamProtocolVersion = HTTPField.Name("X-Stream-Protocol-Version")!
    static let webSocketProtocol = HTTPField.Name("Sec-WebSocket-Protocol")!
}

extension UpgradeRequest {
    var offeredSubprotocols: [String] { Self.list(head.headerFields[values: .webSocketProtocol]) }
    var offeredStreamProtocols: [String] { Self.list(head.headerFields[values: .streamProtocolVersion]) }

    private static func list(_ values: [String]) -> [String] {
        values.joined(separator: ",").split { $0 == "," || $0 == " " }.map(String.init)
    }
}
