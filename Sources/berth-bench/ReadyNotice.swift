import Glibc
import LinuxSystem

/// The socket on which a daemon tells its service manager that it is up. Source: sd_notify(3).
struct ReadyNotice: ~Copyable {
    let path: String
    private let socket: OwnedFileDescriptor

    /// - Parameter path: at most 107 bytes; what is there is replaced.
    init(path: String) throws {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else { throw SystemCallError(call: "bind", subject: path, code: ENAMETOOLONG) }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        unlink(path)  // of an earlier notice, if there was one
        let socket = OwnedFileDescriptor(
            adopting: try systemCall("socket", on: path) { Glibc.socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0) })
        let number = socket.rawValue
        try systemCall("bind", on: path) {
            withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(number, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
            }
        }
        self.path = path
        self.socket = socket
    }

    /// - Returns: whether `READY=1` came in time.
    borrowing func arrives(within limit: Duration) async throws -> Bool {
        let (number, path) = (socket.rawValue, path)
        return try await onDedicatedThread { () throws(SystemCallError) in
            let end = ContinuousClock.now + limit
            while ContinuousClock.now < end {
                var entry = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
                let left = CInt(clamping: Int((end - .now).milliseconds) + 1)
                guard try systemCall("poll", on: path, { poll(&entry, 1, left) }) > 0 else { return false }
                var message = [UInt8](repeating: 0, count: 4096)
                let count = try systemCall("recv", on: path) { recv(number, &message, message.count, 0) }
                if String(decoding: message[..<count], as: UTF8.self).split(separator: "\n").contains("READY=1") { return true }
            }
            return false
        }
    }
}
