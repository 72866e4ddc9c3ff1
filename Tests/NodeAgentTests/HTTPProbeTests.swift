import KubeAPI
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import Testing

@testable import NodeAgent

@Suite("httpGet probes")
struct HTTPProbeTests {
    /// Answers by the request's path, and keeps the fields of the last request.
    final class Target: Sendable {
        let lastHeaders = Mutex(HTTPHeaders())

        func answer(_ head: HTTPRequestHead) -> (HTTPResponseStatus, String?) {
            lastHeaders.withLock { $0 = head.headers }
            return switch head.uri {
            case "/ok", "/deep/ok?x=1": (.ok, nil)
            case "/relative": (.found, "/ok")
            case "/beside": (.movedPermanently, "deep/ok?x=1")
            case "/elsewhere": (.found, "http://192.0.2.1/ok")
            case "/loop": (.found, "/loop")
            case "/nowhere": (.found, nil)
            case "/gone": (.found, "/missing")
            default: (.notFound, nil)
            }
        }
    }

    final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart
        let target: Target
        init(_ target: Target) { self.target = target }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard case .head(let head) = unwrapInboundIn(data) else { return }
            let (status, location) = target.answer(head)
            var headers: HTTPHeaders = ["content-length": "4"]
            if let location { headers.add(name: "location", value: location) }
            context.write(wrapOutboundOut(.head(.init(version: .http1_1, status: status, headers: headers))), promise: nil)
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: "moon")))), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }

    private func probe(_ path: String, headers: [(String, String)] = [], named port: String? = nil) async throws -> (ProbeResult, HTTPHeaders, Int) {
        let target = Target()
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton).childChannelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                try channel.pipeline.syncOperations.addHandler(Handler(target))
            }
        }.bind(host: "127.0.0.1", port: 0).get()
        let number = listener.localAddress?.port ?? 0
        let fields = headers.map { JSONValue.object(["name": .string($0.0), "value": .string($0.1)]) }
        let action = try JSONValue.object(["path": .string(path), "port": port.map(JSONValue.string) ?? .int(number), "httpHeaders": .array(fields)])
            .decode(as: HTTPGetAction.self)
        let named = try JSONValue.object(["name": "web", "containerPort": .int(number)]).decode(as: ContainerPort.self)
        let runner = try ProbeRunner()
        let result = await runner.get(action, podIP: "127.0.0.1", ports: [named], timeout: .seconds(60))
        try await runner.shutDown()
        try await listener.close()
        return (result, target.lastHeaders.withLock { $0 }, number)
    }

    @Test("redirects are followed on the same host; one to another host passes with a warning", arguments: [
        ("/ok", ProbeResult.passed), ("/relative", .passed), ("/beside", .passed),
        ("/elsewhere", .warned("Probe terminated redirects, Response body: moon")),
        ("/nowhere", .warned("Probe terminated redirects, Response body: moon")),
        ("/gone", .failed("HTTP probe failed with statuscode: 404")), ("/other", .failed("HTTP probe failed with statuscode: 404")),
    ])
    func redirects(path: String, expected: ProbeResult) async throws { #expect(try await probe(path).0 == expected) }

    @Test("a redirect that goes round ends")
    func loop() async throws {
        let (result, _, port) = try await probe("/loop")
        #expect(result == .failed("Get \"http://127.0.0.1:\(port)/loop\": stopped after 10 redirects"))
    }

    @Test("header fields are the probe's: all of a name, the host, and none for an empty Accept")
    func headers() async throws {
        let plain = try await probe("/ok").1
        #expect(plain["user-agent"] == ["kube-probe/1.36"])
        #expect(plain["accept"] == ["*/*"])
        let own = try await probe("/ok", headers: [("X-A", "1"), ("X-A", "2"), ("Host", "shop.example"), ("User-Agent", "me"), ("Accept", "")]).1
        #expect(own["x-a"] == ["1", "2"])
        #expect(own["host"] == ["shop.example"])
        #expect(own["user-agent"] == ["me"])
        #expect(own["accept"] == [])
    }

    @Test("a port by its name")
    func port() async throws {
        #expect(try await probe("/ok", named: "web").0 == .passed)
        #expect(try await probe("/ok", named: "none").0 == .failed("no port named \"none\""))
    }
}
