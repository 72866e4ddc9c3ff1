import CSandboxPlan
import Glibc
import LinuxSystem
import Synchronization

/// The connection to one `berth-pod`: requests go out from any task, replies and events come in on the reactor's thread.
final class ControlChannel: Sendable {
    let socket: MessageSocket
    private let pod: String
    private let reactor: ControlReactor
    private let state = Mutex(State())
    private let events: AsyncStream<SandboxEvent>.Continuation

    private struct State {
        var nextTag: UInt64 = 1
        var pending: [UInt64: Pending] = [:]
        var execs: [UInt64: ExecEnd] = [:]
        /// Of commands nobody waited for any longer, whose start may yet be answered.
        var abandoned: Set<UInt64> = []
        var token: UInt64?
        var isClosed = false
        /// The supervisor was asked to end: its end is no loss.
        var isEnding = false
    }

    private struct Pending {
        var list: [ControlReply] = []
        let continuation: CheckedContinuation<Result<[ControlReply], RuntimeError>, Never>
    }

    init(_ socket: consuming MessageSocket, pod: String, reactor: ControlReactor, events: AsyncStream<SandboxEvent>.Continuation) {
        self.socket = socket
        self.pod = pod
        self.reactor = reactor
        self.events = events
    }

    deinit { close() }

    /// Replies and events arrive from now on.
    func open() throws(RuntimeError) {
        do throws(SystemCallError) {
            let token = try reactor.add(socket.descriptor.rawValue) { [weak self] in self?.receive() }
            state.withLock { $0.token = token }
        } catch {
            throw .systemCall(error)
        }
    }

    /// Sends a request and suspends until its last reply. `BERTH_CONTAINER` replies before it come first in the list.
    /// - Throws: `unresponsive` when that takes longer than `limit`. What was asked for may happen all the same.
    @discardableResult
    func call(
        _ request: berth_request, descriptors: [CInt] = [], exec: ExecEnd? = nil, within limit: Duration
    ) async throws(RuntimeError) -> [ControlReply] {
        let replies = try await exchange(request, descriptors: descriptors, exec: exec, within: limit)
        if let last = replies.last, last.kind == BERTH_FAILED { throw last.failure }
        return replies
    }

    /// The same, but the last reply may be a `BERTH_FAILED`.
    func exchange(
        _ request: berth_request, descriptors: [CInt] = [], exec: ExecEnd? = nil, within limit: Duration
    ) async throws(RuntimeError) -> [ControlReply] {
        var request = request
        request.tag = state.withLock { state in
            defer { state.nextTag += 1 }
            if Int(request.operation) == BERTH_SHUTDOWN { state.isEnding = true }
            if let exec, !state.isClosed { state.execs[state.nextTag] = exec }
            return state.nextTag
        }
        return try await replies(to: request.tag, within: limit) { [request] () throws(RuntimeError) in
            do throws(SystemCallError) {
                try socket.send(request, descriptors: descriptors)
                FaultPoint.pass("request \(request.operation) to berth-pod")
            } catch {
                throw .systemCall(error)
            }
        }
    }

    /// Waits for the first message of a supervisor that was just started: ready, or what failed.
    func ready(within limit: Duration) async throws(RuntimeError) -> ControlReply {
        let replies = try await replies(to: 0, within: limit) { () throws(RuntimeError) in try open() }
        guard let reply = replies.last else { throw .sandboxLost(pod: pod) }
        if reply.kind == BERTH_FAILED { throw reply.failure }
        return reply
    }

    private func replies(
        to tag: UInt64, within limit: Duration, asking: () throws(RuntimeError) -> Void
    ) async throws(RuntimeError) -> [ControlReply] {
        // A process that is stopped takes requests, and says nothing. Cancelled below.
        let alarm = Task {
            do { try await Task.sleep(for: limit) } catch { return }
            state.withLock { state in
                if state.pending[tag] != nil, state.execs[tag] != nil { state.abandoned.insert(tag) }
            }
            give(tag, .failure(.unresponsive(pod: pod, after: limit)))
        }
        defer { alarm.cancel() }
        let result = await withCheckedContinuation { (continuation: CheckedContinuation<Result<[ControlReply], RuntimeError>, Never>) in
            let isOpen = state.withLock { state in
                guard !state.isClosed else { return false }
                state.pending[tag] = Pending(continuation: continuation)
                return true
            }
            guard isOpen else { return continuation.resume(returning: .failure(.sandboxLost(pod: pod))) }
            do throws(RuntimeError) { try asking() } catch { give(tag, .failure(error)) }
        }
        return try result.get()
    }

    /// Ends the wait for a reply, if it has not ended yet.
    private func give(_ tag: UInt64, _ result: Result<[ControlReply], RuntimeError>) {
        let pending = state.withLock { state in
            state.execs[tag] = nil
            return state.pending.removeValue(forKey: tag)
        }
        pending?.continuation.resume(returning: result)
    }

    /// Lets go of the supervisor, which goes on by itself.
    func close() {
        let (token, pending, execs) = state.withLock { state in
            defer {
                state.isClosed = true
                state.token = nil
                state.pending = [:]
                state.execs = [:]
            }
            return (state.token, state.pending, state.execs)
        }
        if let token { reactor.remove(socket.descriptor.rawValue, token: token) }
        for entry in pending.values { entry.continuation.resume(returning: .failure(.sandboxLost(pod: pod))) }
        for exec in execs.values { exec.finish(code: ExecEnd.lost) }
    }

    private func receive() {
        while true {
            // An error here and an end of file mean the same: nobody is talking to us any more.
            switch (try? socket.receive(into: berth_reply())) ?? .endOfFile {
            case .nothing: return
            case .message(let message, let descriptors): handle(ControlReply(message: message, descriptors: descriptors))
            case .endOfFile:
                let wasEnding = state.withLock { $0.isEnding }
                close()
                if !wasEnding { events.yield(.sandboxLost) }
                events.finish()
                return
            }
        }
    }

    private func handle(_ reply: ControlReply) {
        let tag = reply.message.tag
        switch reply.kind {
        case BERTH_EXITED:
            events.yield(.exited(reply.exit))
        case BERTH_WARNING:
            events.yield(.warning(container: reply.container, message: reply.failure.description))
        case BERTH_EXEC_EXITED:
            state.withLock { $0.execs.removeValue(forKey: tag) }?.finish(code: Int(reply.message.code))
        case BERTH_CONTAINER:
            state.withLock { $0.pending[tag]?.list.append(reply) }
        case BERTH_FAILED:
            give(tag, .success([reply]))
        default:
            guard let pending = state.withLock({ $0.pending.removeValue(forKey: tag) }) else { return discard(reply) }
            pending.continuation.resume(returning: .success(pending.list + [reply]))
        }
    }

    /// It came too late. A command that has started has nobody to read its output, and ends.
    private func discard(_ reply: ControlReply) {
        reply.discardDescriptors()
        let tag = reply.message.tag
        guard state.withLock({ $0.abandoned.remove(tag) }) != nil else { return }
        var request = berth_request(BERTH_EXEC_SIGNAL, container: reply.container, value: tag)
        request.flags = UInt32(SIGKILL)
        // With the connection it ends too.
        try? socket.send(request)
    }
}
