import AsyncHTTPClient
package import KubeAPI
import NIOCore

/// The time limits of a watch, in seconds.
enum WatchTiming {
    /// The server ends a watch after this; we go on with a new one. Spread, so that nodes do not return in step.
    static let lifetime = 300...600
    /// A connection on which nothing is heard for longer than a watch can live is dead.
    static let silence = 660
}

/// The events of one watch request, read from the connection as they are asked for.
package struct Watch<Object: KubeObject> {
    private var body: HTTPClientResponse.Body.AsyncIterator
    private let request: String
    private let server: String
    private var pending = LineBuffer()

    init(response: HTTPClientResponse, request: String, server: String) {
        body = response.body.makeAsyncIterator()
        self.request = request
        self.server = server
    }

    /// - Returns: nil when the server has ended the watch.
    package mutating func next() async throws(KubeClientError) -> WatchEvent<Object>? {
        while true {
            if let line = pending.next() { return try WatchEvent(line: line, request: request) }
            do {
                guard var chunk = try await body.next() else { return nil }
                pending.append(chunk.readBytes(length: chunk.readableBytes) ?? [])
            } catch {
                throw .unreachable(server: server, cause: KubeClient.cause(of: error))
            }
        }
    }
}

/// Cuts a stream of chunks into lines.
struct LineBuffer {
    private var bytes: [UInt8] = []
    /// Bytes already known to hold no line feed, so that a long line is not scanned again for every chunk.
    private var scanned = 0

    mutating func append(_ chunk: [UInt8]) { bytes += chunk }

    /// The next complete line that is not empty, without its line feed.
    mutating func next() -> [UInt8]? {
        while let end = bytes[scanned...].firstIndex(of: UInt8(ascii: "\n")) {
            let line = Array(bytes[..<end])
            bytes.removeFirst(end + 1)
            scanned = 0
            if !line.isEmpty { return line }
        }
        scanned = bytes.count
        return nil
    }
}

extension KubeClient {
    /// Begins a watch just after `resourceVersion`.
    package func watch<Object: KubeObject>(
        _ type: Object.Type = Object.self, in namespace: String? = nil, matching selector: ObjectSelector = .all, from resourceVersion: String
    ) async throws(KubeClientError) -> Watch<Object> {
        let path = ResourcePath(type, namespace: namespace)
        let query =
            selector.query + [
                ("watch", "1"), ("allowWatchBookmarks", "true"), ("resourceVersion", resourceVersion),
                ("timeoutSeconds", "\(Int.random(in: WatchTiming.lifetime))"),
            ]
        let name = "WATCH \(path)"
        let response = try await answer(to: request(.get, path, query: query), named: name, deadline: .distantFuture, isWatch: true)
        return Watch(response: response, request: name, server: server)
    }
}
