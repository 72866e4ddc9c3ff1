import HTTPTypes
import Hummingbird
import KubeAPI
import NIOCore

/// A watch as a chunked response, one JSON line an event.
struct WatchResponse: Sendable {
    let watch: ObjectWatch
    let shape: ObjectShape
    let timeout: Duration

    func response(to request: Request) -> Response {
        // Reading on for the sake of noticing a client that leaves, the connection can take no second request; clients are told.
        let headers: HTTPFields = [.contentType: "application/json", .cacheControl: "no-cache, private", .connection: "close"]
        return Response(
            status: .ok, headers: headers,
            body: ResponseBody { [self] writer in
                let timer = Task {  // ends the watch, or is cancelled below when the watch ended first
                    try await Task.sleep(for: timeout)
                    watch.end()
                }
                defer { timer.cancel() }
                try await request.body.consumeWithInboundCloseHandler { _ in
                    for await event in watch { try await writer.write(ByteBuffer(bytes: line(for: event))) }
                } onInboundClosed: {
                    watch.end()
                }
                try await writer.finish(nil)
            })
    }

    private func line(for event: WatchEvent) -> [UInt8] {
        var bytes = Array(#"{"type":"\#(event.kind.rawValue)","object":"#.utf8)
        if let object = event.object, shape.isPlain {
            bytes.append(contentsOf: object.bytes)
        } else if let object = event.object {
            shape.object(object.value).append(to: &bytes)
        } else {
            shape.bookmark(resourceVersion: event.resourceVersion, endsInitialEvents: event.endsInitialEvents).append(to: &bytes)
        }
        bytes.append(contentsOf: "}\n".utf8)
        return bytes
    }
}
