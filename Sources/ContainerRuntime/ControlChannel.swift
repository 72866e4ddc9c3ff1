import CSandboxPlan
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
    @discardableResult
    func call(_ request: berth_request, descriptors: [CInt] = [], exec: ExecEnd? = nil) async throws(RuntimeError) -> [ControlReply] {
        let replies = try await exchange(request, descriptors: descriptors, exec: exec)
        if let last = replies.last, last.kind == BERTH_FAILED { throw last.failure }
        return replies
    }

    /// The same, but the last reply may be a `BERTH_FAILED`.
    func exchange(_ request: berth_request, descriptors: [CInt] = [], exec: ExecEnd?) async throws(RuntimeError) -> [ControlReply] {
        let result = await withCheckedContinuation { (continuation: CheckedContinuation<Result<[ControlReply], RuntimeError>, Never>) in
            var request = request
            let isOpen = state.withLock { state in
                guard !state.isClosed else { return false }
                request.tag = state.nextTag
                state.nextTag += 1
                if Int(request.operation) == BERTH_SHUTDOWN { state.isEnding = true }
                state.pending[request.tag] = Pending(continuation: continuation)
                if let exec { state.execs[request.tag] = exec }
                return true
            }
            guard isOpen else { return continuation.resume(returning: .failure(.sandboxLost(pod: pod))) }
            do throws(SystemCallError) {
                try socket.send(request, descriptors: descriptors)
                FaultPoint.pass("request \(request.operation) to berth-pod")
            } catch {
                let pending = state.withLock { state in
                    state.execs[request.tag] = nil
                    return state.pending.removeValue(forKey: request.tag)
                }
                pending?.continuation.resume(returning: .failure(.systemCall(error)))
            }
        }
        return try result.get()
    }

    /// Waits for the first message of a supervisor that was just started: ready, or what failed.
    func ready() async throws(RuntimeError) -> ControlReply {
        let result = await withCheckedContinuation { (continuation: CheckedContinuation<Result<[ControlReply], RuntimeError>, Never>) in
            let isOpen = state.withLock { state in
                guard !state.isClosed else { return false }
                state.pending[0] = Pending(continuation: continuation)
                return true
            }
            guard isOpen else { return continuation.resume(returning: .failure(.sandboxLost(pod: pod))) }
            do throws(RuntimeError) {
                try open()
            } catch {
                state.withLock { $0.pending.removeValue(forKey: 0) }?.continuation.resume(returning: .failure(error))
            }
        }
        let replies = try result.get()
        guard let reply = replies.last else { throw .sandboxLost(pod: pod) }
        if reply.kind == BERTH_FAILED { throw reply.failure }
        return reply
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
            let pending = state.withLock { state in
                state.execs[tag] = nil
                return state.pending.removeValue(forKey: tag)
            }
            pending?.continuation.resume(returning: .success([reply]))
        default:
            guard let pending = state.withLock({ $0.pending.removeValue(forKey: tag) }) else { return reply.discardDescriptors() }
            pending.continuation.resume(returning: .success(pending.list + [reply]))
        }
    }
}
