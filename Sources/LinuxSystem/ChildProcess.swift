import CLinux
import Glibc

/// A program to run to its end, with bytes in, bytes out and a deadline: a CNI plugin, mkfs.
///
/// It gets a process group of its own and no descriptor but its three, unless one is to be `kept`; what outlives the deadline
/// is killed as a group.
package struct ChildProcess: Sendable {
    /// Absolute path; there is no search along `PATH`.
    package var executable: String
    /// Without the program's own name.
    package var arguments: [String]
    /// The whole environment; nothing is inherited.
    package var environment: [String: String]
    package var standardInput: [UInt8]
    /// Nil for what must not be killed half way.
    package var deadline: Duration?
    /// A descriptor that the program has too, as number 3: a lock that is held for as long as either of us runs.
    package var kept: CInt?
    /// Bytes kept of each output stream; what comes after is read and dropped, so that the child never blocks on it.
    package var outputLimit: Int

    package init(
        executable: String, arguments: [String] = [], environment: [String: String] = [:], standardInput: [UInt8] = [],
        deadline: Duration? = .seconds(30), kept: CInt? = nil, outputLimit: Int = 1 << 20
    ) {
        self.executable = executable
        self.arguments = arguments
        self.environment = environment
        self.standardInput = standardInput
        self.deadline = deadline
        self.kept = kept
        self.outputLimit = outputLimit
    }

    /// How it ended, and what it said.
    package struct Outcome: Hashable, Sendable {
        package var ending: Ending
        package var standardOutput: [UInt8]
        package var standardError: [UInt8]
        package var succeeded: Bool { ending == .exited(0) }
    }

    package enum Ending: Hashable, Sendable, CustomStringConvertible {
        case exited(CInt)
        case signalled(CInt)
        /// Killed by us.
        case deadlineExceeded(Duration)

        package var description: String {
            switch self {
            case .exited(let code): "exit code \(code)"
            case .signalled(let signal): "signal \(signal)"
            case .deadlineExceeded(let deadline): "no end within \(deadline)"
            }
        }
    }

    /// Suspends until the program has ended; the cooperative pool is not blocked.
    /// - Throws: when it could not be started. An unhappy end is an `Outcome`, not an error.
    package func run() async throws(SystemCallError) -> Outcome {
        try await onDedicatedThread { [self] () throws(SystemCallError) in try runBlocking() }
    }

    /// The same on the caller's thread.
    package func runBlocking() throws(SystemCallError) -> Outcome {
        let input = try inputFile()
        let output = try Pipe(for: executable)
        let error = try Pipe(for: executable)
        let pid = try spawn(input: input.rawValue, output: output.writing.rawValue, error: error.writing.rawValue)
        FaultPoint.pass("start of \(executable)")
        let outputEnd = output.keepReading()
        let errorEnd = error.keepReading()

        var outcome = Outcome(ending: .exited(0), standardOutput: [], standardError: [])
        var pollFailure: SystemCallError?
        var isInTime = false
        do throws(SystemCallError) {
            let process = OwnedFileDescriptor(
                adopting: try systemCall("pidfd_open", on: executable) { berth_pidfd_open(pid) })
            isInTime = try collect(from: outputEnd, errorEnd, until: process, into: &outcome)
        } catch {
            pollFailure = error
        }
        if !isInTime { kill(-pid, SIGKILL) }
        var status: CInt = 0
        try systemCall("waitpid", on: executable) { waitpid(pid, &status, 0) }
        if let pollFailure { throw pollFailure }
        FaultPoint.pass("end of \(executable)")
        // Source: wait(2): the low seven bits are the signal, the next byte the exit code.
        outcome.ending =
            !isInTime ? .deadlineExceeded(deadline ?? .zero) : status & 0x7f == 0 ? .exited(status >> 8 & 0xff) : .signalled(status & 0x7f)
        return outcome
    }

    /// Standard input as a file in memory: nothing has to be fed while the child runs, and no pipe can break.
    private func inputFile() throws(SystemCallError) -> OwnedFileDescriptor {
        let file = OwnedFileDescriptor(
            adopting: try systemCall("memfd_create", on: "stdin") { berth_memfd("stdin") })
        var written = 0
        while written < standardInput.count {
            written += try systemCall("write", on: "stdin") {
                standardInput[written...].withUnsafeBytes { write(file.rawValue, $0.baseAddress, $0.count) }
            }
        }
        try systemCall("lseek", on: "stdin") { lseek(file.rawValue, 0, SEEK_SET) }
        return file
    }

    private func spawn(input: CInt, output: CInt, error: CInt) throws(SystemCallError) -> pid_t {
        var pid: pid_t = 0
        let code = withCStrings([executable] + arguments) { arguments in
            withCStrings(environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }) { environment in
                berth_spawn(&pid, executable, arguments, environment, input, output, error, kept ?? -1)
            }
        }
        guard code == 0 else { throw SystemCallError(call: "posix_spawn", subject: executable, code: code) }
        return pid
    }

    /// Reads both streams until the process has ended; false when the deadline came first. A grandchild that keeps a
    /// pipe open is not waited for.
    private func collect(
        from output: borrowing OwnedFileDescriptor, _ error: borrowing OwnedFileDescriptor, until process: borrowing OwnedFileDescriptor,
        into outcome: inout Outcome
    ) throws(SystemCallError) -> Bool {
        let end = deadline.map { ContinuousClock.now + $0 }
        for descriptor in [output.rawValue, error.rawValue] {
            try systemCall("fcntl", on: executable) { fcntl(descriptor, F_SETFL, O_NONBLOCK) }
        }
        var watched = [output.rawValue, error.rawValue, process.rawValue].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        while true {
            let left = end.map { ContinuousClock.now.duration(to: $0) }
            if let left, left <= .zero { return false }
            try systemCall("poll", on: executable) { poll(&watched, nfds_t(watched.count), left.map(milliseconds) ?? -1) }
            if watched[0].revents != 0, try !read(watched[0].fd, into: &outcome.standardOutput) { watched[0].fd = -1 }
            if watched[1].revents != 0, try !read(watched[1].fd, into: &outcome.standardError) { watched[1].fd = -1 }
            if watched[2].revents != 0 {
                // What it wrote just before its end may have arrived after the reads above.
                _ = try read(output.rawValue, into: &outcome.standardOutput)
                _ = try read(error.rawValue, into: &outcome.standardError)
                return true
            }
        }
    }

    /// Reads what is there; false at the end of the stream.
    private func read(_ descriptor: CInt, into bytes: inout [UInt8]) throws(SystemCallError) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count == 0 { return false }
            if count < 0 {
                if errno == EINTR { continue }
                if errno == EAGAIN { return true }
                throw SystemCallError(call: "read", subject: executable, code: errno)
            }
            bytes.append(contentsOf: buffer.prefix(min(count, outputLimit - bytes.count)))
        }
    }

    /// Rounded up, so that the loop does not spin through the last millisecond.
    private func milliseconds(_ duration: Duration) -> CInt {
        let (seconds, attoseconds) = duration.components
        return CInt(clamping: seconds.multipliedReportingOverflow(by: 1000).partialValue + attoseconds / 1_000_000_000_000_000 + 1)
    }
}

/// A null-terminated array of C strings for the length of `body`, as execve(2) wants it.
private func withCStrings<Value>(_ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Value) -> Value {
    let pointers = strings.map { strdup($0) }
    defer { for pointer in pointers { free(pointer) } }
    return body(pointers + [nil])
}

private struct Pipe: ~Copyable {
    let reading: OwnedFileDescriptor
    let writing: OwnedFileDescriptor

    init(for subject: String) throws(SystemCallError) {
        var ends: [CInt] = [-1, -1]
        try systemCall("pipe2", on: subject) { berth_pipe(&ends) }
        reading = OwnedFileDescriptor(adopting: ends[0])
        writing = OwnedFileDescriptor(adopting: ends[1])
    }

    /// Closes the writing end, which the child now has, so that its end is an end of file.
    consuming func keepReading() -> OwnedFileDescriptor { reading }
}
