import AsyncHTTPClient
import FoundationEssentials
import Glibc
import NIOCore
import NIOHTTP1

/// The daemon, over its root-only socket.
struct NodeConnection: Sendable {
    let socket: String

    init(socket: String) throws {
        self.socket = socket
        guard access(socket, F_OK) == 0 else { throw Self.down(socket) }
        guard access(socket, R_OK | W_OK) == 0 else { throw Failure("\(socket) is open to root only", remedy: "run berthctl as root") }
    }

    /// Streams the answer's body; the whole exchange may last as long as a followed log.
    func stream(_ method: HTTPMethod = .GET, _ path: String, body: [UInt8] = [], receive: (ByteBuffer) throws -> Void) async throws {
        var configuration = HTTPClient.Configuration()
        // The daemon is there or it is not: trying again for ten seconds, as the client would, finds out nothing.
        configuration.connectionPool.retryConnectionEstablishment = false
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        do {
            try await exchange(client, method, path, body, receive)
        } catch {
            try await client.shutdown()
            throw error
        }
        try await client.shutdown()
    }

    func bytes(_ method: HTTPMethod = .GET, _ path: String, body: [UInt8] = []) async throws -> [UInt8] {
        var all: [UInt8] = []
        try await stream(method, path, body: body) { all += $0.readableBytesView }
        return all
    }

    func value<Value: Decodable>(_ type: Value.Type = Value.self, _ method: HTTPMethod = .GET, _ path: String, body: [UInt8] = []) async throws -> Value {
        try JSONDecoder().decode(type, from: Data(try await bytes(method, path, body: body)))
    }

    private func exchange(
        _ client: HTTPClient, _ method: HTTPMethod, _ path: String, _ body: [UInt8], _ receive: (ByteBuffer) throws -> Void
    ) async throws {
        let host = socket.utf8.map { byte in
            let isPlain = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            let hex = String(byte, radix: 16)
            return isPlain ? String(UnicodeScalar(byte)) : "%" + (hex.count == 1 ? "0" : "") + hex
        }
        var request = HTTPClientRequest(url: "http+unix://\(host.joined())\(path)")
        request.method = method
        if !body.isEmpty {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(body)
        }
        let answer: HTTPClientResponse
        do {
            answer = try await client.execute(request, deadline: .distantFuture)
        } catch let error as IOError where [ECONNREFUSED, ENOENT].contains(error.errnoCode) {
            throw Self.down(socket)
        }
        guard (200..<300).contains(Int(answer.status.code)) else {
            let text = String(buffer: try await answer.body.collect(upTo: 64 << 10))
            let lines = text.split(separator: "\n", maxSplits: 1).map(String.init)
            throw Failure(lines.first ?? "the daemon answered \(answer.status)", remedy: lines.count > 1 ? lines[1].trimmed : nil)
        }
        for try await part in answer.body { try receive(part) }
    }

    static func down(_ socket: String) -> Failure {
        Failure("berthd does not answer on \(socket)", remedy: "start it (systemctl start berthd); ps, volumes, why and doctor work without it")
    }
}

extension String {
    var trimmed: String { String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed()) }

    /// For one segment of a path, or a value of a query.
    var escaped: String {
        utf8.map { byte in
            let letter = UnicodeScalar(byte)
            let isPlain = letter.isASCII && (letter.properties.isAlphabetic || letter.properties.numericType != nil) || "-._~".unicodeScalars.contains(letter)
            let hex = String(byte, radix: 16, uppercase: true)
            return isPlain ? String(letter) : "%" + (hex.count == 1 ? "0" : "") + hex
        }.joined()
    }
}
