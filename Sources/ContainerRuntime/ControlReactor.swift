import LinuxSystem
import Synchronization

/// One thread that sleeps in epoll until a supervisor has something to say. It serves all pods and ends with the last reference.
final class ControlReactor: Sendable {
    private let shared: Shared

    /// Apart, so that the thread does not keep the reactor alive.
    private final class Shared: Sendable {
        let poller: Poller
        let state = Mutex(State())
        init(poller: consuming Poller) { self.poller = poller }

        struct State {
            var handlers: [UInt64: @Sendable () -> Void] = [:]
            var nextToken: UInt64 = 1
        }

        func run(until wake: consuming OwnedFileDescriptor) {
            while true {
                // The poller is ours alone and valid: nothing but EINTR can go wrong, and that is handled.
                guard let tokens = try? poller.wait() else { return }
                for token in tokens {
                    if token == 0 { return }
                    state.withLock { $0.handlers[token] }?()
                }
            }
        }
    }

    /// Closing it ends the thread.
    private let stop: OwnedFileDescriptor

    init() throws(SystemCallError) {
        let pipe = try DescriptorPipe().release()
        let wake = OwnedFileDescriptor(adopting: pipe.readEnd)
        stop = OwnedFileDescriptor(adopting: pipe.writeEnd)
        shared = Shared(poller: try Poller())
        try shared.poller.add(wake.rawValue, token: 0)
        let number = wake.release()
        // Awaited by nobody: it ends when `stop` is closed.
        Task { [shared] in
            try await onDedicatedThread { () throws(SystemCallError) in shared.run(until: OwnedFileDescriptor(adopting: number)) }
        }
    }

    /// Calls `handler` on the reactor's thread whenever `descriptor` is readable. Returns the token to `remove`.
    func add(_ descriptor: CInt, handler: @escaping @Sendable () -> Void) throws(SystemCallError) -> UInt64 {
        let token = shared.state.withLock { state in
            state.nextToken += 1
            state.handlers[state.nextToken] = handler
            return state.nextToken
        }
        do {
            try shared.poller.add(descriptor, token: token)
        } catch {
            shared.state.withLock { _ = $0.handlers.removeValue(forKey: token) }
            throw error
        }
        return token
    }

    func remove(_ descriptor: CInt, token: UInt64) {
        shared.poller.remove(descriptor)
        shared.state.withLock { _ = $0.handlers.removeValue(forKey: token) }
    }
}
