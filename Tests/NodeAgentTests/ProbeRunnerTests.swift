import Glibc
import LinuxSystem
import Testing

@testable import KubeAPI
@testable import NodeAgent

@Suite("Probes over the network", .timeLimit(.minutes(1)))
struct ProbeRunnerTests {
    @Test("an HTTP probe goes by the status, in however many pieces it comes", arguments: [
        (["HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"], true), (["HTTP/1.0 204 \r\n\r\n"], true),
        (["HT", "TP/1.1 2", "00 OK\r\n", "\r\n"], true), (["HTTP/1.1 503 Service Unavailable\r\n\r\n"], false), (["HTTP/1.1 404\r\n\r\n"], false),
        (["SSH-2.0-OpenSSH\r\n"], false), ([], false),
    ])
    func status(pieces: [String], passes: Bool) async throws {
        let server = try LocalServer(answering: pieces)
        let runner = try ProbeRunner()
        let result = await runner.get(get(server.port), podIP: "127.0.0.1", ports: [], timeout: .seconds(5))
        #expect(result.hasPassed == passes, "\(result)")
        try await runner.shutDown()
    }

    @Test("the server sees the path and the headers of the probe")
    func request() async throws {
        let server = try LocalServer(answering: ["HTTP/1.1 200 OK\r\n\r\n"])
        let runner = try ProbeRunner()
        var action = get(server.port, path: "/healthz?verbose=1")
        action.httpHeaders = [HTTPHeader(name: "X-Token", value: "a b"), HTTPHeader(name: "host", value: "example.org")]
        #expect(await runner.get(action, podIP: "127.0.0.1", ports: [], timeout: .seconds(5)) == .passed)
        let lines = await server.request().split(separator: "\r\n").map(String.init)
        #expect(lines.first == "GET /healthz?verbose=1 HTTP/1.1")
        #expect(lines.contains("X-Token: a b"))
        #expect(lines.contains("host: example.org"))
        #expect(lines.filter { $0.lowercased().hasPrefix("host:") }.count == 1)
        #expect(lines.contains("User-Agent: kube-probe/1.36"))
        try await runner.shutDown()
    }

    @Test("a refused connection, a silent server and one that hangs up are told apart")
    func failures() async throws {
        let runner = try ProbeRunner()
        var server: LocalServer? = try LocalServer(answering: nil)
        let port = try #require(server?.port)
        let silent = await runner.get(get(port), podIP: "127.0.0.1", ports: [], timeout: .milliseconds(200))
        #expect(silent == .failed("Get \"http://127.0.0.1:\(port)/\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)"))
        #expect(await runner.connect(TCPSocketAction(port: .int(port)), podIP: "127.0.0.1", ports: [], timeout: .seconds(5)) == .passed)
        server = nil
        let refused = await runner.get(get(port), podIP: "127.0.0.1", ports: [], timeout: .seconds(5))
        #expect(refused == .failed("Get \"http://127.0.0.1:\(port)/\": dial tcp 127.0.0.1:\(port): connect: connection refused"))
        let closed = await runner.connect(TCPSocketAction(port: .int(port)), podIP: "127.0.0.1", ports: [], timeout: .seconds(5))
        #expect(closed == .failed("dial tcp 127.0.0.1:\(port): connect: connection refused"))
        let mute = try LocalServer(answering: [])
        let ended = await runner.get(get(mute.port), podIP: "127.0.0.1", ports: [], timeout: .seconds(5))
        #expect(ended == .failed("Get \"http://127.0.0.1:\(mute.port)/\": EOF"))
        try await runner.shutDown()
    }

    @Test("many probes at once get each its own answer")
    func many() async throws {
        let (good, bad) = (try LocalServer(answering: ["HTTP/1.1 200 OK\r\n\r\n"]), try LocalServer(answering: ["HTTP/1.1 500 No\r\n\r\n"]))
        let runner = try ProbeRunner()
        let passed = await withTaskGroup(of: Bool.self) { group in
            for index in 0..<100 {
                let port = index.isMultiple(of: 2) ? good.port : bad.port
                group.addTask { await runner.get(get(port), podIP: "127.0.0.1", ports: [], timeout: .seconds(20)).hasPassed == index.isMultiple(of: 2) }
            }
            return await group.reduce(true) { $0 && $1 }
        }
        #expect(passed)
        try await runner.shutDown()
    }

    @Test("what a plain connection cannot do is left to the HTTP client", arguments: [
        ("localhost", "/", "a"), ("127.0.0.1", "/a b", "a"), ("127.0.0.1", "/a\r\nX: y", "a"), ("127.0.0.1", "/", "a\r\nX: y"),
    ])
    func notPlain(host: String, path: String, value: String) {
        #expect(ProbeRequest(host: host, port: 80, path: path, headers: [HTTPHeader(name: "A", value: value)]) == nil)
    }

    private func get(_ port: Int, path: String = "/") -> HTTPGetAction {
        HTTPGetAction(path: path, port: .int(port), host: "", scheme: "", httpHeaders: [])
    }
}

/// Accepts on loopback; reads one request of each client, writes the pieces, hangs up.
private final class LocalServer: Sendable {
    let port: Int
    private let listener: CInt
    private let requests: AsyncStream<String>

    /// - Parameter pieces: nil never answers and never hangs up.
    init(answering pieces: [String]?) throws {
        let listener = try systemCall("socket", on: "test") { socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        try withUnsafeMutablePointer(to: &address) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                try systemCall("bind", on: "test") { bind(listener, address, size) }
                try systemCall("getsockname", on: "test") { getsockname(listener, address, &size) }
            }
        }
        try systemCall("listen", on: "test") { listen(listener, 128) }
        port = Int(UInt16(bigEndian: address.sin_port))
        self.listener = listener
        let (requests, teller) = AsyncStream.makeStream(of: String.self)
        self.requests = requests
        // Ends with the listener.
        Task {
            try await onDedicatedThread { () throws(SystemCallError) in
                var kept: [OwnedFileDescriptorBox] = []
                while true {
                    let client = accept(listener, nil, nil)
                    guard client >= 0 else { break }
                    let box = OwnedFileDescriptorBox(client)
                    guard let pieces else {
                        kept.append(box)
                        continue
                    }
                    var request = [UInt8](repeating: 0, count: 4096)
                    let count = recv(client, &request, request.count, 0)
                    teller.yield(String(decoding: request.prefix(max(count, 0)), as: UTF8.self))
                    for piece in pieces {
                        _ = send(client, piece, piece.utf8.count, CInt(MSG_NOSIGNAL))
                        usleep(2000)  // so that the pieces are not read as one
                    }
                }
                kept = []
            }
        }
    }

    func request() async -> String {
        for await request in requests { return request }
        return ""
    }

    deinit {
        shutdown(listener, CInt(SHUT_RDWR))
        close(listener)
    }
}

private final class OwnedFileDescriptorBox: Sendable {
    private let descriptor: OwnedFileDescriptor
    init(_ number: CInt) { descriptor = OwnedFileDescriptor(adopting: number) }
}
