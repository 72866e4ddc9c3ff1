import Glibc
import LinuxSystem

/// Just enough TCP to see whether a connection comes through; the kernel completes it without anybody accepting.
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

    private static func address(_ host: String, _ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        inet_pton(AF_INET, host, &address.sin_addr)
        return address
    }

    private static func withPointer(
        _ address: inout sockaddr_in, _ body: (UnsafePointer<sockaddr>) throws(SystemCallError) -> Void
    ) throws(SystemCallError) {
        try withUnsafePointer(to: &address) { pointer throws(SystemCallError) in
            // Every sockaddr_… begins as a sockaddr does. Source: socket(7).
            try body(UnsafeRawPointer(pointer).assumingMemoryBound(to: sockaddr.self))
        }
    }
}
