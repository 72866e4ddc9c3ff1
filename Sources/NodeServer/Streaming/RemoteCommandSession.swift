import Logging
import NIOCore
import NIOPosix

/// Carries one exec or attach between a client and a process until the process ends, or the client goes.
struct RemoteCommandSession {
    let streams: ProcessStreams
    let eventLoopGroup: any EventLoopGroup
    let logger: Logger

    func run(over transport: some RemoteCommandTransport) async {
        do {
            try await carry(transport)
        } catch {
            logger.debug("remote command ended early", metadata: ["error": "\(error)"])
        }
    }

    private enum Ended { case output, input }

    /// How long the client has for its part of the goodbye.
    private static let farewell = Duration.seconds(1)

    private func carry(_ transport: some RemoteCommandTransport) async throws {
        let descriptors = streams.take()
        let stdin = try await pipe(writing: descriptors.stdin)
        let stdout = try await pipe(reading: descriptors.stdout)
        let stderr = try await pipe(reading: descriptors.stderr)
        try await withThrowingTaskGroup(of: Ended.self) { group in
            group.addTask {
                try await pump(stdout, to: .stdout, of: transport)
                return .output
            }
            group.addTask {
                try await pump(stderr, to: .stderr, of: transport)
                return .output
            }
            group.addTask {
                try await feed(stdin, from: transport)
                return .input
            }
            var outputs = 2
            while let ended = try await group.next() {
                switch ended {
                case .output: outputs -= 1
                case .input: throw CancellationError()  // the client has gone; nobody is left to tell
                }
                if outputs == 0 { break }
            }
            try await transport.finish(.exited(code: await streams.exitCode() ?? 0))
            // The client leaves first: a connection that ends right behind a short command's output can take it along, in
            // clients that are still changing protocols. Source: RFC 6455 section 7.1.1.
            group.addTask {
                try await Task.sleep(for: Self.farewell)
                return .input
            }
            _ = try await group.next()
            group.cancelAll()
        }
    }

    private func pump(
        _ pipe: NIOAsyncChannel<ByteBuffer, Never>?, to channel: RemoteChannel, of transport: some RemoteCommandTransport
    ) async throws {
        guard let pipe else { return }
        try await pipe.executeThenClose { inbound in
            do {
                for try await bytes in inbound { try await transport.send(bytes, on: channel) }
            } catch let error as IOError where error.errnoCode == EIO {
                // A terminal whose last process has gone reads as EIO. Source: pty(7).
            }
        }
    }

    private func feed(_ pipe: NIOAsyncChannel<Never, ByteBuffer>?, from transport: some RemoteCommandTransport) async throws {
        guard let pipe else {
            for try await input in transport.inputs {
                if case .resize(let size) = input { await streams.resize(size) }
            }
            return
        }
        try await pipe.executeThenClose { _, outbound in
            var isOpen = true
            for try await input in transport.inputs {
                switch input {
                case .resize(let size): await streams.resize(size)
                case .stdinClosed:
                    outbound.finish()
                    isOpen = false
                case .stdin(let bytes) where isOpen:
                    do {
                        // Until the pipe has it all: the end of input, which may follow, drops what is still waiting.
                        try await pipe.channel.writeAndFlush(bytes).get()
                    } catch {
                        isOpen = false  // the process closed its end; its output still matters
                    }
                case .stdin: continue
                }
            }
        }
    }

    private func pipe(reading descriptor: CInt?) async throws -> NIOAsyncChannel<ByteBuffer, Never>? {
        guard let descriptor else { return nil }
        return try await NIOPipeBootstrap(group: eventLoopGroup).takingOwnershipOfDescriptor(input: descriptor) { channel in
            channel.eventLoop.makeCompletedFuture { try NIOAsyncChannel(wrappingChannelSynchronously: channel) }
        }
    }

    private func pipe(writing descriptor: CInt?) async throws -> NIOAsyncChannel<Never, ByteBuffer>? {
        guard let descriptor else { return nil }
        return try await NIOPipeBootstrap(group: eventLoopGroup).takingOwnershipOfDescriptor(output: descriptor) { channel in
            channel.eventLoop.makeCompletedFuture {
                try NIOAsyncChannel(
                    wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
            }
        }
    }
}
