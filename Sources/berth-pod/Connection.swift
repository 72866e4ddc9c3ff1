import CPodLaunch
import CSandboxPlan

/// A client, usually berthd. Several may be connected; those that have listed the containers hear of events.
final class Connection: Source {
    var isSubscribed: Bool

    init(_ descriptor: Int32, isSubscribed: Bool, _ supervisor: Supervisor) {
        self.isSubscribed = isSubscribed
        super.init(descriptor, supervisor)
        watch(UInt32(POD_READABLE))
    }

    /// To a client that has gone or does not read for a second, there is nothing to say.
    func send(_ reply: inout berth_reply, _ passed: Int32 = -1) {
        guard isOpen else { return }
        var passed = passed
        if pod_send(descriptor, &reply, UInt(MemoryLayout<berth_reply>.size), &passed, passed >= 0 ? 1 : 0) < 0 { end() }
    }

    func done(_ tag: UInt64) {
        var reply = berth_reply(BERTH_DONE, tag: tag)
        send(&reply)
    }

    func fail(_ tag: UInt64, _ step: StaticString, _ subject: Text? = nil, error: Int32) {
        var reply = berth_reply(BERTH_FAILED, tag: tag, step: step, subject: subject, error: error)
        send(&reply)
    }

    override func ready(_ events: UInt32) {
        while isOpen {
            var request = berth_request()
            var count: Int32 = 0
            let descriptors = supervisor.descriptors
            let received = pod_receive(descriptor, &request, UInt(MemoryLayout<berth_request>.size), descriptors, &count)
            if received == -11 { return }
            guard received == MemoryLayout<berth_request>.size, request.version == BERTH_VERSION else {
                for i in 0..<Int(count) { pod_close(descriptors[i]) }
                return end()
            }
            for i in Int(count)..<Int(Supervisor.descriptorLimit) { descriptors[i] = -1 }
            perform(request, Received(descriptors))
        }
    }

    private func end() {
        close()
        supervisor.connectionEnded(self)
    }

    private func perform(_ request: berth_request, _ received: Received) {
        let tag = request.tag
        switch Int(request.operation) {
        case BERTH_START: return supervisor.start(request, received, self)
        case BERTH_EXEC: return supervisor.exec(request, received, self)
        case BERTH_ATTACH:
            guard let container = supervisor.container(request.container), container.isRunning else { break }
            return container.attach(received.take(0), received.take(1), self, tag: tag)
        case BERTH_SIGNAL:
            received.close()
            if let container = supervisor.container(request.container), container.isRunning {
                if request.flags & UInt32(BERTH_WHOLE_CGROUP) != 0 { container.cgroup.signal(Int32(request.value)) }
                else if supervisor.context.runtime != nil { return supervisor.ask(container, request, Int32(request.value), self) }
                else { _ = pod_kill(container.pid, Int32(request.value)) }
            }
            return done(tag)
        case BERTH_EXEC_SIGNAL:
            supervisor.signalExec(request.value, of: self, Int32(request.flags))
            received.close()
            return done(tag)
        case BERTH_RESIZE:
            supervisor.container(request.container)?.resize(rows: UInt32(request.value >> 16 & 0xffff), columns: UInt32(request.value & 0xffff))
            received.close()
            return done(tag)
        case BERTH_CONNECT:
            received.close()
            let socket = pod_connect_loopback(UInt32(request.value & 0xffff))
            if socket < 0 { return fail(tag, "connect", error: -socket) }
            var reply = berth_reply(BERTH_DONE, tag: tag)
            send(&reply, socket)
            return pod_close(socket)
        case BERTH_REMOVE:
            guard let container = supervisor.container(request.container) else { break }
            received.close()
            if container.isRunning { return fail(tag, "remove", error: 16) }  // EBUSY
            if supervisor.context.runtime != nil { return supervisor.ask(container, request, 0, self) }
            return container.remove(self, tag)
        case BERTH_LIST:
            received.close()
            isSubscribed = true
            supervisor.list(to: self, tag)
            return done(tag)
        case BERTH_SHUTDOWN:
            received.close()
            return supervisor.shutDown(self, tag)
        default: break
        }
        received.close()
        fail(tag, "container", error: 2)  // ENOENT
    }
}

/// Descriptors that came with a request: taken one by one, or closed.
struct Received {
    private let descriptors: UnsafeMutablePointer<Int32>
    init(_ descriptors: UnsafeMutablePointer<Int32>) { self.descriptors = descriptors }

    /// -1 when there is none, or it has been taken.
    func take(_ index: Int) -> Int32 {
        defer { descriptors[index] = -1 }
        return descriptors[index]
    }

    func close() {
        for i in 0..<Int(Supervisor.descriptorLimit) { pod_close(take(i)) }
    }
}
