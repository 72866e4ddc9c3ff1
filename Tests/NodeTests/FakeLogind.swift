import Glibc
import LinuxSystem

/// A message bus with nothing on it but logind, as much of it as an inhibitor meets.
final class FakeLogind: Sendable {
    private let listener: CInt
    private let connection: CInt
    /// Our end of the lock: it hangs up when whoever holds the lock lets go.
    private let lock: CInt

    /// Returns when somebody has taken the lock.
    ///
    /// - Parameter file: its configuration, which says for how long a lock holds, and is read when systemd is told so.
    static func serving(at path: String, configuredBy file: String) async throws -> FakeLogind {
        let listener = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        try withUnsafePointer(to: &address) { pointer in
            _ = try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                try systemCall("bind", on: path) { bind(listener, generic, socklen_t(MemoryLayout<sockaddr_un>.size)) }
            }
        }
        try systemCall("listen", on: path) { listen(listener, 1) }
        return try await onDedicatedThread { () throws(SystemCallError) in try FakeLogind(listener, file) }
    }

    private init(_ listener: CInt, _ file: String) throws(SystemCallError) {
        self.listener = listener
        let connection = try systemCall("accept", on: "fake bus") { accept(listener, nil, nil) }
        self.connection = connection
        var ends: [CInt] = [-1, -1]
        try systemCall("pipe", on: "lock") { pipe(&ends) }
        lock = ends[0]
        var input: [UInt8] = []
        func more() throws(SystemCallError) {
            var bytes = [UInt8](repeating: 0, count: 4096)
            let count = try systemCall("read", on: "fake bus") { read(connection, &bytes, bytes.count) }
            guard count > 0 else { throw SystemCallError(call: "read", subject: "fake bus", code: ECONNRESET) }
            input += bytes.prefix(count)
        }
        func line() throws(SystemCallError) -> String {
            while !input.contains(UInt8(ascii: "\n")) { try more() }
            let text = input.prefix { $0 != UInt8(ascii: "\n") }
            input.removeFirst(text.count + 1)
            return String(decoding: text, as: UTF8.self)
        }
        for (expected, answer) in [("AUTH EXTERNAL", "OK 1234\r\n"), ("NEGOTIATE_UNIX_FD", "AGREE_UNIX_FD\r\n"), ("BEGIN", "")] {
            guard try line().contains(expected) else { throw SystemCallError(call: expected, subject: "fake bus", code: EPROTO) }
            if !answer.isEmpty { try systemCall("write", on: "fake bus") { write(connection, answer, answer.utf8.count) } }
        }
        // Five seconds is what it waits for by itself. Microseconds.
        var delay = 5_000_000
        while true {
            while (DBusMessage.length(of: input) ?? .max) > input.count { try more() }
            let length = DBusMessage.length(of: input) ?? 0
            guard let call = DBusMessage(parsing: Array(input.prefix(length))) else { throw SystemCallError(call: "parse", subject: "fake bus", code: EPROTO) }
            input.removeFirst(length)
            var answer = DBusMessage(.answer, serial: call.serial)
            answer.answers = call.serial
            if call.member == "Get" {
                answer.signature = "v"
                answer.body = [1, UInt8(ascii: "t"), 0, 0, 0, 0, 0, 0] + (0..<8).map { UInt8(truncatingIfNeeded: delay >> (8 * $0)) }
            }
            if call.member == "KillUnit", call.signature == "ssi", let line = try SmallFile.text(file).split(separator: "\n").last,
                line.hasPrefix("InhibitDelayMaxSec="), let seconds = Int(line.dropFirst(19))
            {
                delay = seconds * 1_000_000
            }
            let isLock = call.member == "Inhibit"
            if isLock {
                answer.signature = "h"
                answer.body = [0, 0, 0, 0]
                answer.descriptorCount = 1
            }
            Self.send(answer.bytes, isLock ? ends[1] : nil, to: connection)
            if isLock { break }
        }
        close(ends[1])
    }

    deinit { for number in [listener, connection, lock] { close(number) } }

    func announce(_ goesDown: Bool) {
        var signal = DBusMessage(.signal, serial: 99, signature: "b", body: [goesDown ? 1 : 0, 0, 0, 0])
        signal.path = "/org/freedesktop/login1"
        signal.interface = "org.freedesktop.login1.Manager"
        signal.member = "PrepareForShutdown"
        Self.send(signal.bytes, nil, to: connection)
    }

    /// Nobody holds the machine up any more.
    var isReleased: Bool {
        var request = pollfd(fd: lock, events: 0, revents: 0)
        return poll(&request, 1, 0) == 1 && request.revents & Int16(POLLHUP) != 0
    }

    private static func send(_ bytes: [UInt8], _ descriptor: CInt?, to connection: CInt) {
        var copy = bytes
        copy.withUnsafeMutableBytes { room in
            var part = iovec(iov_base: room.baseAddress, iov_len: room.count)
            withUnsafeMutablePointer(to: &part) { part in
                var message = msghdr()
                message.msg_iov = part
                message.msg_iovlen = 1
                // One cmsghdr with one descriptor: 16 bytes and 4, padded to 24.
                var control = [UInt8](repeating: 0, count: 24)
                control.withUnsafeMutableBytes { control in
                    if let descriptor {
                        control.storeBytes(of: 20, as: Int.self)
                        control.storeBytes(of: SOL_SOCKET, toByteOffset: 8, as: CInt.self)
                        control.storeBytes(of: CInt(SCM_RIGHTS), toByteOffset: 12, as: CInt.self)
                        control.storeBytes(of: descriptor, toByteOffset: 16, as: CInt.self)
                        message.msg_control = control.baseAddress
                        message.msg_controllen = control.count
                    }
                    _ = sendmsg(connection, &message, 0)
                }
            }
        }
    }
}
