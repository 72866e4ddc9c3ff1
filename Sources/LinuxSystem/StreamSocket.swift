import Glibc

/// A TCP connection to a numeric address, non-blocking from its first moment. Source: tcp(7), connect(2).
package struct StreamSocket: ~Copyable, Sendable {
    package let descriptor: OwnedFileDescriptor

    /// Begins to connect. A server on this machine has usually accepted when this returns, but a refusal, too, is seen only later.
    ///
    /// - Parameter address: 4 or 16 bytes in network order.
    package init(connectingTo address: [UInt8], port: UInt16) throws(SystemCallError) {
        let family = address.count == 4 ? AF_INET : AF_INET6
        let kind = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue)
        let socket = OwnedFileDescriptor(adopting: try systemCall("socket", on: "TCP") { Glibc.socket(family, kind, 0) })
        let number = socket.rawValue
        var storage = sockaddr_storage()
        let length = withUnsafeMutablePointer(to: &storage) { pointer in
            if family == AF_INET {
                pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                    $0.pointee.sin_family = sa_family_t(AF_INET)
                    $0.pointee.sin_port = port.bigEndian
                    withUnsafeMutableBytes(of: &$0.pointee.sin_addr) { $0.copyBytes(from: address) }
                }
                return MemoryLayout<sockaddr_in>.size
            }
            pointer.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
                $0.pointee.sin6_family = sa_family_t(AF_INET6)
                $0.pointee.sin6_port = port.bigEndian
                withUnsafeMutableBytes(of: &$0.pointee.sin6_addr) { $0.copyBytes(from: address) }
            }
            return MemoryLayout<sockaddr_in6>.size
        }
        do throws(SystemCallError) {
            try systemCall("connect", on: "port \(port)") {
                withUnsafePointer(to: &storage) {
                    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.connect(number, $0, socklen_t(length)) }
                }
            }
        } catch where error.code == EINPROGRESS {}
        descriptor = socket
    }

    /// What became of the connection, once it is writable.
    package borrowing func checkConnected() throws(SystemCallError) {
        var code: CInt = 0
        var size = socklen_t(MemoryLayout<CInt>.size)
        let number = descriptor.rawValue
        try systemCall("getsockopt", on: "TCP") { getsockopt(number, SOL_SOCKET, SO_ERROR, &code, &size) }
        if code != 0 { throw SystemCallError(call: "connect", subject: "TCP", code: code) }
    }

    /// - Returns: how many bytes were taken; zero when it is not writable (yet).
    package borrowing func send(_ bytes: ArraySlice<UInt8>) throws(SystemCallError) -> Int {
        let number = descriptor.rawValue
        do throws(SystemCallError) {
            return try systemCall("send", on: "TCP") { bytes.withUnsafeBytes { Glibc.send(number, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) } }
        } catch where error.code == EAGAIN {
            return 0
        }
    }

    /// - Returns: at most 4096 bytes; none at the end, nil when nothing is there yet.
    package borrowing func receive() throws(SystemCallError) -> [UInt8]? {
        let number = descriptor.rawValue
        var failure: SystemCallError?
        let bytes = [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
            do throws(SystemCallError) {
                count = try systemCall("recv", on: "TCP") { recv(number, buffer.baseAddress, buffer.count, 0) }
            } catch {
                failure = error
            }
        }
        if let failure {
            if failure.code == EAGAIN { return nil }
            throw failure
        }
        return bytes
    }
}
