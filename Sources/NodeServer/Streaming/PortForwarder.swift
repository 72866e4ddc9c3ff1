import Logging
import NIOCore
import NIOPosix


/// Opens connections in a pod for a port-forward client, whichever framing carries its streams.
struct PortForwarder: Sendable {
    let pod: PodTarget
    let backend: any NodeBackend
    let eventLoopGroup: any EventLoopGroup

    /// Connects, hands the way in to `opened`, and passes what the pod sends to `receive` until it closes.
    ///
    /// - Throws: `NodeServerError` when the pod cannot be reached.
    func forward(
        port: UInt16, opened: @Sendable (NIOAsyncChannelOutboundWriter<ByteBuffer>) -> Void,
        receive: @Sendable (ByteBuffer) async throws -> Void
    ) async throws {
        let descriptor = try await backend.connect(pod, port: port)
        let socket = try await ClientBootstrap(group: eventLoopGroup)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .withConnectedSocket(descriptor) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                        wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
                }
            }
        try await socket.executeThenClose { inbound, outbound in
            opened(outbound)
            for try await bytes in inbound { try await receive(bytes) }
        }
    }
}
