import Glibc
import LinuxSystem

/// The `berth-pod` that this node's supervisors are forks of: no pod waits for a program to be loaded. It ends with us, and they do not.
final class SupervisorSeed: Sendable {
    private let socket: MessageSocket
    private let pid: pid_t
    private let room: Int

    /// - Parameters:
    ///   - program: a descriptor of `berth-pod`.
    ///   - room: for the longest command line. Bytes.
    init(program: CInt, room: Int) throws(SystemCallError) {
        let (ours, theirs) = try MessageSocket.Pair().release()
        let end = OwnedFileDescriptor(adopting: theirs)
        socket = MessageSocket(adopting: OwnedFileDescriptor(adopting: ours))
        self.room = room
        pid = try launchDetached(
            "/proc/\(getpid())/fd/\(program)", arguments: ["berth-pod", String(repeating: " ", count: room)], descriptors: [end.rawValue])
    }

    deinit {
        // It holds nothing, so its end may be a sudden one.
        kill(pid, SIGKILL)
        // Whoever has reaped it has done what is to be done here.
        _ = try? waitForChild(pid)
    }

    /// Starts a supervisor, or the attempt: what becomes of it is said on its connection.
    /// - Parameter descriptors: the supervisor's end of its connection, and its plan.
    /// - Throws: `EPIPE` when the process has been killed, `EAGAIN` while it has many to start, `ENAMETOOLONG` for a command line without room.
    func start(_ commandLine: [String], descriptors: [CInt]) throws(SystemCallError) {
        let bytes = commandLine.flatMap { $0.utf8 + [0] }
        guard bytes.count <= room else { throw SystemCallError(call: "fork", subject: "berth-pod", code: ENAMETOOLONG) }
        try socket.send(bytes: bytes, descriptors: descriptors)
    }
}
