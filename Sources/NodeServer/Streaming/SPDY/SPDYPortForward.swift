import Logging
import NIOCore

/// Port-forward over SPDY: per connection an error stream and a data stream that share a `requestID`.
/// Source: Kubernetes `portforward.k8s.io` protocol.
struct SPDYPortForward<Bytes: AsyncSequence<ByteBuffer, any Error> & Sendable>: Sendable {
    let session: SPDYSession<Bytes>
    let forwarder: PortForwarder
    let logger: Logger

    private struct Pair {
        var error: UInt32?
        var data: UInt32?
    }

    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            var pairs: [String: Pair] = [:]
            var writers: [UInt32: NIOAsyncChannelOutboundWriter<ByteBuffer>] = [:]
            for try await event in session.events {
                switch event {
                case .opened(let id, let headers):
                    let key = headers["requestid"] ?? headers["port"] ?? ""
                    guard let port = headers["port"].flatMap(UInt16.init), port > 0 else {
                        throw SPDYError.malformed("port \(headers["port"] ?? "missing")")
                    }
                    var pair = pairs[key] ?? Pair()
                    if headers["streamtype"] == "error" { pair.error = id } else { pair.data = id }
                    guard let error = pair.error, let data = pair.data else {
                        pairs[key] = pair
                        continue
                    }
                    pairs[key] = nil
                    writers[data] = await withCheckedContinuation { continuation in
                        group.addTask { await connect(port: port, data: data, error: error, opened: continuation) }
                    }
                case .data(let id, let bytes):
                    // A connection that the pod has closed takes no more; its end is on the way to the client.
                    try? await writers[id]?.write(bytes)
                case .finished(let id):
                    writers.removeValue(forKey: id)?.finish()
                }
            }
            group.cancelAll()
        }
    }

    private func connect(
        port: UInt16, data: UInt32, error: UInt32,
        opened: CheckedContinuation<NIOAsyncChannelOutboundWriter<ByteBuffer>?, Never>
    ) async {
        let handOver = OneShot(opened)
        do {
            do {
                try await forwarder.forward(port: port, opened: { handOver.resume($0) }) { bytes in
                    try await session.writer.send(bytes, on: data)
                }
            } catch let failure as NodeServerError {
                try await session.writer.send(ByteBuffer(string: "\(failure)"), on: error)
            }
            handOver.resume(nil)
            try await session.writer.finish(error)
            try await session.writer.finish(data)
        } catch {
            handOver.resume(nil)
            logger.debug("forwarded connection ended", metadata: ["port": "\(port)", "error": "\(error)"])
        }
    }
}
