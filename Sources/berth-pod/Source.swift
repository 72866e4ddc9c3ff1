import CPodLaunch

/// Something the loop waits for. A closed one has -1 for its descriptor, and is kept until the round is over.
class Source {
    private(set) var descriptor: Int32
    let supervisor: Supervisor
    private var isWatched = false

    init(_ descriptor: Int32, _ supervisor: Supervisor) {
        self.descriptor = descriptor
        self.supervisor = supervisor
    }

    func ready(_ events: UInt32) {}

    final var isOpen: Bool { descriptor >= 0 }

    /// `events` of zero waits only for the end.
    final func watch(_ events: UInt32) {
        guard isOpen else { return }
        let token = Unmanaged.passUnretained(self).toOpaque()
        if isWatched {
            _ = pod_change_watch(supervisor.poller, descriptor, events, token)
        } else {
            isWatched = true
            supervisor.retain(self)
            _ = pod_watch(supervisor.poller, descriptor, events, token)
        }
    }

    /// Hears nothing, not even the end, until it is watched again.
    final func pause() {
        guard isOpen, isWatched else { return }
        isWatched = false
        pod_unwatch(supervisor.poller, descriptor)
        supervisor.release(self)
    }

    final func close() {
        guard isOpen else { return }
        pause()
        pod_close(descriptor)
        descriptor = -1
    }
}
