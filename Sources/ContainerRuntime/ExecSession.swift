package import Glibc
import LinuxSystem
import Synchronization

/// A command running in a container. The descriptors belong to the receiver, who closes each exactly once.
package final class ExecSession: Sendable {
    /// To write to; nil when not asked for, or with a TTY.
    package let stdin: CInt?
    /// To read from; nil with a TTY.
    package let stdout: CInt?
    package let stderr: CInt?
    /// The master side of the TTY, to read from and write to; nil without one.
    package let terminal: CInt?
    /// As the host numbers it.
    package let pid: pid_t
    private let end: ExecEnd
    private let signal: @Sendable (CInt) async throws(RuntimeError) -> Void

    init(
        stdin: CInt?, stdout: CInt?, stderr: CInt?, terminal: CInt?, pid: pid_t, end: ExecEnd,
        signal: @escaping @Sendable (CInt) async throws(RuntimeError) -> Void
    ) {
        self.stdin = stdin
        self.stdout = stdout
        self.stderr = stderr
        self.terminal = terminal
        self.pid = pid
        self.end = end
        self.signal = signal
    }

    /// 0...255; 128 and its number for a signal; 255 when the supervisor has ended.
    package func exitCode() async -> Int { await end.code() }

    /// Kills the command and everything in its session, for instance when its time is up.
    package func kill() async throws(RuntimeError) { try await signal(SIGKILL) }

    /// Sets the size of the TTY; nothing to do without one. Characters.
    package func resize(rows: UInt16, columns: UInt16) {
        if let terminal { setWindowSize(of: terminal, rows: rows, columns: columns) }
    }
}

/// The exit code of an exec, once there is one.
final class ExecEnd: Sendable {
    static let lost = 255
    private struct State {
        var code: Int?
        var waiters: [CheckedContinuation<Int, Never>] = []
    }
    private let state = Mutex(State())

    func finish(code: Int) {
        let waiters = state.withLock { state in
            guard state.code == nil else { return [CheckedContinuation<Int, Never>]() }
            state.code = code
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume(returning: code) }
    }

    func code() async -> Int {
        await withCheckedContinuation { continuation in
            let known: Int? = state.withLock { state in
                if state.code == nil { state.waiters.append(continuation) }
                return state.code
            }
            if let known { continuation.resume(returning: known) }
        }
    }
}

/// What a client attached to a running container holds. The descriptors belong to the receiver, who closes each exactly once.
package struct AttachSession: Sendable {
    /// To write to; nil when the container keeps no stdin open, or has a TTY.
    package let stdin: CInt?
    /// A copy of the output from now on, also that of a TTY; ends with the container.
    package let stdout: CInt
    /// Nil with a TTY.
    package let stderr: CInt?
    /// The master side of a TTY: write input to it, never read from it.
    package let terminal: CInt?

    /// Sets the size of the TTY; nothing to do without one. Characters.
    package func resize(rows: UInt16, columns: UInt16) {
        if let terminal { setWindowSize(of: terminal, rows: rows, columns: columns) }
    }
}
