import Glibc
import NIOCore

/// The process at the other end of a Unix socket, as the kernel noted it when it connected. Source: unix(7), SO_PEERCRED.
enum LocalPeer {
    /// `struct ucred`, which glibc shows only to GNU sources.
    private struct Credentials {
        var pid: pid_t
        var uid: uid_t
        var gid: gid_t
    }

    /// False also for a connection that is none of a Unix socket. The socket's directory lets nobody else in already; this holds
    /// when somebody has opened it, or handed the socket on.
    static func isRoot(_ channel: any Channel) -> EventLoopFuture<Bool> {
        guard channel.localAddress?.protocol == .unix, let options = channel as? any SocketOptionProvider else {
            return channel.eventLoop.makeSucceededFuture(false)
        }
        let credentials: EventLoopFuture<Credentials> = options.unsafeGetSocketOption(
            level: SocketOptionLevel(SOL_SOCKET), name: SocketOptionName(SO_PEERCRED))
        return credentials.map { $0.uid == 0 || $0.uid == geteuid() }
    }
}
