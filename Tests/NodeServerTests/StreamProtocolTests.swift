import NIOCore
import NIOWebSocket
@testable import NodeServer
import Testing

@Suite("Stream protocols")
struct StreamProtocolTests {
    @Test("the newest shared dialect is chosen", arguments: [
        (["v5.channel.k8s.io", "v4.channel.k8s.io"], "v5.channel.k8s.io"), (["channel.k8s.io", "v4.channel.k8s.io"], "v4.channel.k8s.io"),
        (["base64.channel.k8s.io"], "base64.channel.k8s.io"), (["v4.base64.channel.k8s.io"], "v4.base64.channel.k8s.io"),
    ])
    func negotiation(offered: [String], chosen: String) { #expect(ChannelProtocol.negotiate(offered: offered)?.name == chosen) }

    @Test("no offer is the oldest dialect, an unknown offer is none")
    func edges() {
        #expect(ChannelProtocol.negotiate(offered: [])?.version == 0)
        #expect(ChannelProtocol.negotiate(offered: ["v9.channel.k8s.io"]) == nil)
    }

    @Test("a message reads as it was framed, in binary and in base64", arguments: ["v5.channel.k8s.io", "v4.base64.channel.k8s.io"])
    func framing(name: String) throws {
        let dialect = try #require(ChannelProtocol.negotiate(offered: [name]))
        let payload = ByteBuffer(bytes: [0, 255, 10, 13])
        let message = try #require(dialect.message(of: dialect.frame(payload, channel: 2)))
        #expect(message.channel == 2)
        #expect(message.payload == payload)
    }

    @Test("exit codes travel as clients read them")
    func outcome() throws {
        let status = String(decoding: try #require(RemoteCommandOutcome.exited(code: 3).message(asStatus: true)), as: UTF8.self)
        #expect(status.contains(#""reason":"NonZeroExitCode""#))
        #expect(status.contains(#""message":"3""#))
        #expect(RemoteCommandOutcome.exited(code: 0).message(asStatus: false) == nil)
        let success = String(decoding: try #require(RemoteCommandOutcome.exited(code: 0).message(asStatus: true)), as: UTF8.self)
        #expect(success.contains(#""status":"Success""#))
    }

    @Test("queries decode, and keep repeated names in order")
    func query() {
        let query = RequestQuery("command=sh&command=-c&command=echo%20%22a+b%22%3B&tty=1&input=true&bad=%zz")
        #expect(query.all("command") == ["sh", "-c", "echo \"a b\";"])
        #expect(query.flag("tty") && query.flag("input") && !query.flag("error"))
        #expect(query.all("bad") == ["%zz"])
    }
}
