import CLinux
package import Glibc

/// A Unix `SOCK_SEQPACKET` socket, non-blocking: whole messages, each with up to eight descriptors. Source: unix(7).
package struct MessageSocket: ~Copyable, Sendable {
    package let descriptor: OwnedFileDescriptor

    package init(adopting descriptor: consuming OwnedFileDescriptor) { self.descriptor = descriptor }

    /// Fails with `ECONNREFUSED` when the listener has died and left its name behind.
    package init(connectingTo path: String) throws(SystemCallError) {
        let socket = OwnedFileDescriptor(adopting: try systemCall("socket", on: path) { berth_message_socket() })
        let number = socket.rawValue
        try systemCall("connect", on: path) { berth_connect_unix(number, path) }
        descriptor = socket
    }

    /// Two connected ends: usually one for us and one for a child.
    package struct Pair: ~Copyable, Sendable {
        package let first: OwnedFileDescriptor
        package let second: OwnedFileDescriptor

        package init() throws(SystemCallError) {
            var ends: [CInt] = [-1, -1]
            try systemCall("socketpair", on: "AF_UNIX") { berth_message_pair(&ends) }
            first = OwnedFileDescriptor(adopting: ends[0])
            second = OwnedFileDescriptor(adopting: ends[1])
        }

        /// Gives both numbers away; the caller closes them.
        package consuming func release() -> (first: CInt, second: CInt) { (first.release(), second.release()) }
    }

    /// The process that listened; as our PID namespace numbers it.
    package var peer: pid_t { berth_peer_pid(descriptor.rawValue) }

    /// `descriptors` are copied to the receiver; the caller still owns its own.
    package borrowing func send<Message: BitwiseCopyable>(_ message: Message, descriptors: [CInt] = []) throws(SystemCallError) {
        let raw = descriptor.rawValue
        try systemCall("sendmsg", on: "control socket") { withUnsafeBytes(of: message) { Self.send($0, descriptors, to: raw) } }
    }

    package borrowing func send(bytes: [UInt8], descriptors: [CInt]) throws(SystemCallError) {
        let raw = descriptor.rawValue
        try systemCall("sendmsg", on: "control socket") { bytes.withUnsafeBytes { Self.send($0, descriptors, to: raw) } }
    }

    private static func send(_ bytes: UnsafeRawBufferPointer, _ descriptors: [CInt], to socket: CInt) -> Int {
        berth_send_message(socket, bytes.baseAddress, UInt(bytes.count), descriptors, UInt(descriptors.count))
    }

    package enum Arrival<Message: Sendable>: Sendable {
        /// The receiver owns `descriptors`.
        case message(Message, descriptors: [CInt])
        case nothing
        case endOfFile
    }

    /// A message of another size than `Message` counts as the end: the peer speaks another version.
    package borrowing func receive<Message: BitwiseCopyable & Sendable>(into empty: Message) throws(SystemCallError) -> Arrival<Message> {
        var message = empty
        var descriptors = [CInt](repeating: -1, count: Int(BERTH_DESCRIPTOR_LIMIT))
        var count: UInt = 0
        let raw = descriptor.rawValue
        let received: Int
        do throws(SystemCallError) {
            received = try systemCall("recvmsg", on: "control socket") {
                withUnsafeMutableBytes(of: &message) { berth_receive_message(raw, $0.baseAddress, UInt($0.count), &descriptors, &count) }
            }
        } catch {
            switch error.code {
            case EAGAIN: return .nothing
            case ECONNRESET: return .endOfFile
            default: throw error
            }
        }
        let receivedDescriptors = Array(descriptors.prefix(Int(count)))
        guard received == MemoryLayout<Message>.size else {
            for descriptor in receivedDescriptors { close(descriptor) }
            return .endOfFile
        }
        return .message(message, descriptors: receivedDescriptors)
    }
}
