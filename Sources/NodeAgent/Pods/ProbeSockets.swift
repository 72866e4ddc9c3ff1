import Glibc
import LinuxSystem
import Networking
import Synchronization

/// Asks servers over plain TCP: whether they accept, or how they answer an HTTP request.
///
/// One thread and poll(2) for all pods. Five hundred probes every ten seconds are fifty connections a second that are used once;
/// a client with pools and pipelines spends three times as long on each.
final class ProbeSockets: Sendable {
    enum Answer: Hashable, Sendable {
        case connected
        /// Of an HTTP answer.
        case status(Int)
        case timedOut
        /// What the system, or this node, said of it.
        case failed(String)
    }

    private let shared: Shared
    /// Closing it ends the thread.
    private let waker: OwnedFileDescriptor

    /// - Throws: when the process has run out of descriptors.
    init() throws(SystemCallError) {
        let pipe = try DescriptorPipe().release()
        waker = OwnedFileDescriptor(adopting: pipe.writeEnd)
        shared = Shared()
        let wake = pipe.readEnd
        // Awaited by nobody: it ends when `waker` is closed.
        Task { [shared] in
            try await onDedicatedThread { () throws(SystemCallError) in shared.run(until: OwnedFileDescriptor(adopting: wake)) }
        }
    }

    /// - Parameter request: bytes to send; nil only connects.
    func ask(_ address: IPAddress, port: UInt16, request: [UInt8]?, timeout: Duration) async -> Answer {
        await withCheckedContinuation { continuation in
            do throws(SystemCallError) {
                let job = ProbeJob(
                    try StreamSocket(connectingTo: address.bytes, port: port), request: request, deadline: .now + timeout, continuation: continuation)
                // The thread is woken only by the first of several.
                guard shared.add(job) else { return }
                let number = waker.rawValue
                try systemCall("write", on: "pipe") { write(number, [1], 1) }
            } catch {
                // Nothing has been added when the socket could not be made; a pipe that is open takes one byte.
                continuation.resume(returning: .failed("connect: \(SystemCallError.text(of: error.code).lowercased())"))
            }
        }
    }

    /// Apart, so that the thread does not keep the sockets alive.
    private final class Shared: Sendable {
        private let incoming = Mutex<[ProbeJob]>([])

        /// - Returns: whether the thread is to be woken.
        func add(_ job: ProbeJob) -> Bool {
            incoming.withLock { jobs in
                jobs.append(job)
                return jobs.count == 1
            }
        }

        func run(until wake: consuming OwnedFileDescriptor) {
            var active: [ProbeJob] = []
            var chunk = [UInt8](repeating: 0, count: 64)
            while true {
                var entries = [pollfd(fd: wake.rawValue, events: Int16(POLLIN), revents: 0)]
                entries += active.map { pollfd(fd: $0.descriptor, events: Int16($0.isSending ? POLLOUT : POLLIN), revents: 0) }
                let rest = active.map(\.deadline).min().map { ContinuousClock.now.duration(to: $0) }
                // -1 is no deadline; rounded up, so as not to spin through the last millisecond.
                let milliseconds = rest.map { max(0, $0.components.seconds * 1000 + $0.components.attoseconds / 1_000_000_000_000_000 + 1) } ?? -1
                // EINTR cannot happen with all signals blocked, and would only begin the round anew.
                _ = poll(&entries, nfds_t(entries.count), CInt(clamping: milliseconds))
                if entries[0].revents != 0 {
                    let count = read(wake.rawValue, &chunk, chunk.count)
                    if count == 0 { break }
                }
                let now = ContinuousClock.now
                var left: [ProbeJob] = []
                for (job, entry) in zip(active, entries.dropFirst()) where !job.advance(isReady: entry.revents != 0, now: now) { left.append(job) }
                let new = incoming.withLock { jobs in
                    defer { jobs = [] }
                    return jobs
                }
                active = left + new.filter { !$0.begin() }
            }
            for job in active + incoming.withLock({ $0 }) { job.end(.failed("the node is shutting down")) }
        }
    }
}

/// One connection. Used by the thread alone once it has been handed over.
private final class ProbeJob: @unchecked Sendable {  // made by one thread, then moved to the other through a lock
    private let socket: StreamSocket
    private var unsent: ArraySlice<UInt8>
    private let isRequest: Bool
    let deadline: ContinuousClock.Instant
    private var received: [UInt8] = []
    private var continuation: CheckedContinuation<ProbeSockets.Answer, Never>?
    private(set) var isSending = true

    /// Of an answer; the rest is not waited for.
    private static let limit = 10 << 10

    init(
        _ socket: consuming StreamSocket, request: [UInt8]?, deadline: ContinuousClock.Instant,
        continuation: CheckedContinuation<ProbeSockets.Answer, Never>
    ) {
        self.socket = socket
        self.deadline = deadline
        self.continuation = continuation
        unsent = (request ?? [])[...]
        isRequest = request != nil
    }

    var descriptor: CInt { socket.descriptor.rawValue }

    /// A server on this node has accepted by now, and takes the request at once.
    ///
    /// - Returns: whether it is over.
    func begin() -> Bool { isRequest ? attempt { () throws(SystemCallError) in try send() } : false }

    /// - Returns: whether it is over.
    func advance(isReady: Bool, now: ContinuousClock.Instant) -> Bool {
        if isReady { return attempt { () throws(SystemCallError) in isSending ? try send() : try receive() } }
        guard now >= deadline else { return false }
        end(.timedOut)
        return true
    }

    func end(_ answer: ProbeSockets.Answer) {
        continuation?.resume(returning: answer)
        continuation = nil
    }

    private func attempt(_ step: () throws(SystemCallError) -> Bool) -> Bool {
        do throws(SystemCallError) {
            return try step()
        } catch {
            end(.failed("\(isSending ? "connect" : "read"): \(SystemCallError.text(of: error.code).lowercased())"))
            return true
        }
    }

    private func send() throws(SystemCallError) -> Bool {
        guard isRequest else {
            try socket.checkConnected()
            end(.connected)
            return true
        }
        unsent = unsent.dropFirst(try socket.send(unsent))
        isSending = !unsent.isEmpty
        return false
    }

    /// The status line is the answer. What follows is read to its end all the same, so that the server's last write does not fail.
    private func receive() throws(SystemCallError) -> Bool {
        while let bytes = try socket.receive() {
            received += bytes
            if continuation != nil, let status = Self.status(in: received) { end(.status(status)) }
            if bytes.isEmpty {
                end(.failed("EOF"))
                return true
            }
            if received.count >= Self.limit {
                end(.failed("malformed HTTP response"))
                return true
            }
        }
        return false
    }

    /// The code of `HTTP/1.1 200 OK`, once the line is complete. Source: RFC 9112, section 4.
    static func status(in bytes: [UInt8]) -> Int? {
        guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")), bytes.starts(with: "HTTP/".utf8) else { return nil }
        let words = bytes[..<end].split(separator: UInt8(ascii: " "))
        guard words.count > 1 else { return nil }
        return Int(String(decoding: words[1].prefix { $0 > UInt8(ascii: " ") }, as: UTF8.self))
    }
}
