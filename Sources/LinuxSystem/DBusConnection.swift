import CLinux
import Glibc

/// A connection to a message bus, for a thread of its own: every call waits. Source: D-Bus specification.
package final class DBusConnection: Sendable {
    package struct Incoming: Sendable {
        package var message: DBusMessage
        /// The receiver closes them.
        package var descriptors: [CInt]
    }

    private let descriptor: CInt
    /// Only the thread that works with the connection touches these.
    private nonisolated(unsafe) var unread: [UInt8] = []
    private nonisolated(unsafe) var arrived: [CInt] = []
    private nonisolated(unsafe) var waiting: [Incoming] = []
    private nonisolated(unsafe) var lastSerial: UInt32 = 0

    /// Connects, says who we are, and that descriptors are welcome.
    ///
    /// - Parameter path: of the bus' socket.
    package init(path: String) throws(SystemCallError) {
        let socket = OwnedFileDescriptor(
            adopting: try systemCall("socket", on: path) { Glibc.socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0) })
        let number = socket.rawValue
        try systemCall("connect", on: path) { berth_connect_unix(number, path) }
        descriptor = socket.release()
        try limitWaits(seconds: 5)
        let user = "\(getuid())".utf8.map { byte in String(byte, radix: 16) }.joined()
        try write(Array("\0AUTH EXTERNAL \(user)\r\n".utf8))
        try expect("OK")
        try write(Array("NEGOTIATE_UNIX_FD\r\n".utf8))
        try expect("AGREE_UNIX_FD")
        try write(Array("BEGIN\r\n".utf8))
        _ = try call("Hello", of: "org.freedesktop.DBus", at: "/org/freedesktop/DBus", on: "org.freedesktop.DBus")
    }

    deinit {
        for number in arrived + waiting.flatMap(\.descriptors) { close(number) }
        close(descriptor)
    }

    /// A wait that takes longer fails with `EAGAIN`; 5 s at first, 0 is for ever.
    package func limitWaits(seconds: Int) throws(SystemCallError) {
        let number = descriptor
        try systemCall("setsockopt", on: "message bus") { berth_limit_waits(number, seconds) }
    }

    /// Ends every wait, from whichever thread.
    package func interrupt() { Glibc.shutdown(descriptor, CInt(SHUT_RDWR)) }

    /// - Throws: `EPROTO` when the answer is an error, `ECONNRESET` when there is none.
    package func call(
        _ member: String, of interface: String, at path: String, on destination: String, _ arguments: [String] = [], number: UInt32? = nil
    ) throws(SystemCallError) -> Incoming {
        lastSerial += 1
        let serial = lastSerial
        try write(DBusMessage.call(member, of: interface, at: path, on: destination, arguments, number: number, serial: serial).bytes)
        while true {
            let next = try receive()
            guard next.message.answers == serial else {
                waiting.append(next)
                continue
            }
            guard next.message.kind == .answer else {
                for number in next.descriptors { close(number) }
                throw SystemCallError(call: "\(interface).\(member)", subject: next.message.errorName ?? "", code: EPROTO)
            }
            return next
        }
    }

    /// The next signal that was asked for; whatever else comes is dropped.
    package func nextSignal() throws(SystemCallError) -> DBusMessage {
        while true {
            let next = waiting.isEmpty ? try receive() : waiting.removeFirst()
            for number in next.descriptors { close(number) }
            if next.message.kind == .signal { return next.message }
        }
    }

    private func receive() throws(SystemCallError) -> Incoming {
        while true {
            if let length = DBusMessage.length(of: unread), length <= unread.count {
                guard let message = DBusMessage(parsing: Array(unread.prefix(length))) else {
                    throw SystemCallError(call: "recvmsg", subject: "message bus", code: EPROTO)
                }
                unread.removeFirst(length)
                let count = min(Int(message.descriptorCount), arrived.count)
                defer { arrived.removeFirst(count) }
                return Incoming(message: message, descriptors: Array(arrived.prefix(count)))
            }
            try read()
        }
    }

    private func read() throws(SystemCallError) {
        var bytes = [UInt8](repeating: 0, count: 4096)
        var descriptors = [CInt](repeating: -1, count: Int(BERTH_DESCRIPTOR_LIMIT))
        var count: UInt = 0
        let number = descriptor
        let received = try systemCall("recvmsg", on: "message bus") {
            bytes.withUnsafeMutableBytes { berth_receive_message(number, $0.baseAddress, UInt($0.count), &descriptors, &count) }
        }
        arrived += descriptors.prefix(Int(count))
        guard received > 0 else { throw SystemCallError(call: "recvmsg", subject: "message bus", code: ECONNRESET) }
        unread += bytes.prefix(received)
    }

    private func expect(_ word: String) throws(SystemCallError) {
        let end = UInt8(ascii: "\n")
        while !unread.contains(end) { try read() }
        let line = unread.prefix { $0 != end }
        unread.removeFirst(line.count + 1)
        guard line.starts(with: Array(word.utf8)) else { throw SystemCallError(call: "AUTH", subject: "message bus", code: EACCES) }
    }

    private func write(_ bytes: [UInt8]) throws(SystemCallError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let (number, part) = (descriptor, Array(rest))
            let count = try systemCall("sendmsg", on: "message bus") { berth_send_message(number, part, UInt(part.count), nil, 0) }
            rest = rest.dropFirst(count)
        }
    }
}
