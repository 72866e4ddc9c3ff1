import Glibc
import LinuxSystem

/// Just enough TCP and UDP to see whether something comes through; the kernel completes a connection without anybody accepting.
enum Socket {
    static func listen(port: UInt16) throws(SystemCallError) -> CInt {
        let descriptor = try systemCall("socket", on: "tcp") { socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0) }
        var address = address("0.0.0.0", port)
        try withPointer(&address) { pointer throws(SystemCallError) in
            try systemCall("bind", on: "port \(port)") { bind(descriptor, pointer, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
        try systemCall("listen", on: "port \(port)") { Glibc.listen(descriptor, 4) }
        return descriptor
    }

    static func connect(to host: String, port: UInt16) throws(SystemCallError) {
        let descriptor = OwnedFileDescriptor(
            adopting: try systemCall("socket", on: "tcp") { socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0) })
        var address = address(host, port)
        try withPointer(&address) { pointer throws(SystemCallError) in
            try systemCall("connect", on: "\(host):\(port)") {
                Glibc.connect(descriptor.rawValue, pointer, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    /// UDP, in the network namespace of the calling thread, wherever it is used later.
    static func datagrams(port: UInt16) throws(SystemCallError) -> Datagrams {
        let descriptor = try systemCall("socket", on: "udp") { socket(AF_INET, CInt(SOCK_DGRAM.rawValue), 0) }
        var address = address("0.0.0.0", port)
        try withPointer(&address) { pointer throws(SystemCallError) in
            try systemCall("bind", on: "port \(port)") { bind(descriptor, pointer, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
        return Datagrams(descriptor: OwnedFileDescriptor(adopting: descriptor))
    }

    fileprivate static func address(_ host: String, _ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        inet_pton(AF_INET, host, &address.sin_addr)
        return address
    }

    fileprivate static func withPointer(
        _ address: inout sockaddr_in, _ body: (UnsafePointer<sockaddr>) throws(SystemCallError) -> Void
    ) throws(SystemCallError) {
        try withUnsafePointer(to: &address) { pointer throws(SystemCallError) in
            // Every sockaddr_… begins as a sockaddr does. Source: socket(7).
            try body(UnsafeRawPointer(pointer).assumingMemoryBound(to: sockaddr.self))
        }
    }
}

/// A socket of UDP. Whoever receives waits at most 20 s.
struct Datagrams: ~Copyable {
    let descriptor: OwnedFileDescriptor

    func send(_ text: String, to host: String, port: UInt16) throws(SystemCallError) {
        var address = Socket.address(host, port)
        try send(text, to: &address)
    }

    func receive() throws(SystemCallError) -> String {
        var sender = sockaddr_in()
        return try receive(from: &sender)
    }

    /// Answers the next datagram.
    func answer(_ reply: (String) -> String) throws(SystemCallError) {
        var sender = sockaddr_in()
        let question = try receive(from: &sender)
        try send(reply(question), to: &sender)
    }

    private func send(_ text: String, to address: inout sockaddr_in) throws(SystemCallError) {
        let bytes = Array(text.utf8)
        try Socket.withPointer(&address) { pointer throws(SystemCallError) in
            try systemCall("sendto", on: "udp") { sendto(descriptor.rawValue, bytes, bytes.count, 0, pointer, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
    }

    private func receive(from sender: inout sockaddr_in) throws(SystemCallError) -> String {
        var waiting = pollfd(fd: descriptor.rawValue, events: Int16(POLLIN), revents: 0)
        guard try systemCall("poll", on: "udp", { poll(&waiting, 1, 20_000) }) == 1 else {
            throw SystemCallError(call: "poll", subject: "udp", code: ETIMEDOUT)
        }
        var buffer = [UInt8](repeating: 0, count: 512)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let count = try withUnsafeMutablePointer(to: &sender) { pointer throws(SystemCallError) in
            try systemCall("recvfrom", on: "udp") {
                recvfrom(descriptor.rawValue, &buffer, buffer.count, 0, UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: sockaddr.self), &length)
            }
        }
        return String(decoding: buffer[..<count], as: UTF8.self)
    }
}
