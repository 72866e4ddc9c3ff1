import CPodLaunch
import CSandboxPlan

/// A process we have started, from its clone to its end. Until execve(2) closes the status socket it may still fail.
class Child {
    let supervisor: Supervisor
    private(set) var pid: Int32 = 0
    /// It has said which process it is: not always the one that was cloned.
    private(set) var isKnown = false
    let connection: Connection
    let tag: UInt64
    private var status: StatusSource?
    private var failure: berth_reply?
    private(set) var isStarted = false
    /// What replies and events say of it.
    var record: berth_reply

    init(_ record: berth_reply, _ connection: Connection) {
        self.record = record
        self.connection = connection
        tag = record.tag
        supervisor = connection.supervisor
    }

    func launched(_ pid: Int32, status: Int32) {
        self.pid = pid
        record.pid = pid
        record.started = pod_now()
        self.status = StatusSource(status, self)
        supervisor.children.append(self)
    }

    /// The program is running.
    func started() {}
    /// A step before it has failed, and the process has ended.
    func failed(_ failure: berth_reply) {}
    func terminal(_ master: Int32) { pod_close(master) }
    func exited(_ status: Int32) {}

    final func receive(_ report: pod_report, _ descriptor: Int32) {
        switch Int(report.kind) {
        // Once only: what comes later may be from a process that others in the pod can trace.
        case POD_IDENTITY where !isKnown:
            isKnown = true
            pid = report.pid
            record.pid = pid
            record.start_ticks = report.start_ticks > 0 ? report.start_ticks : pod_start_ticks(pid)
            supervisor.identified(self)
        case POD_TERMINAL where !isKnown && descriptor >= 0:
            terminal(descriptor)
        case POD_WARNING:
            pod_close(descriptor)
            supervisor.broadcast(reply(BERTH_WARNING, report))
        case POD_FAILURE:
            pod_close(descriptor)
            failure = reply(BERTH_FAILED, report)
        default: pod_close(descriptor)
        }
    }

    /// Whatever the status socket has to say by now.
    final func listen() { status?.drain() }

    /// The status socket has ended: by execve(2), or with the process.
    final func statusEnded() {
        status = nil
        guard failure == nil, isKnown else { return }
        isStarted = true
        started()
    }

    final func reaped(_ exit: Int32) {
        status?.drain()
        if let failure { failed(failure) }
        // It was ended before it had become anything.
        else if !isKnown { failed(berth_reply(BERTH_FAILED, tag: tag, step: "start", subject: nil, error: 4)) }  // EINTR
        else { exited(exit) }
    }

    private func reply(_ kind: Int, _ report: pod_report) -> berth_reply {
        var reply = berth_reply(kind, tag: kind == BERTH_WARNING ? 0 : tag)
        reply.container = record.container
        reply.error = report.error
        var report = report
        withUnsafeBytes(of: &report.step) { copyText($0.bindMemory(to: CChar.self).baseAddress, into: &reply.step) }
        withUnsafeBytes(of: &report.subject) { copyText($0.bindMemory(to: CChar.self).baseAddress, into: &reply.subject) }
        return reply
    }
}

private func copyText<Field>(_ text: Text?, into field: inout Field) {
    if let text { copyText(text, into: &field) }
}

/// Our end of a child's status socket.
final class StatusSource: Source {
    private let child: Child

    init(_ descriptor: Int32, _ child: Child) {
        self.child = child
        super.init(descriptor, child.supervisor)
        watch(UInt32(POD_READABLE))
    }

    override func ready(_ events: UInt32) { drain() }

    func drain() {
        while isOpen {
            var report = pod_report()
            var count: Int32 = 0
            let received = pod_receive(descriptor, &report, UInt(MemoryLayout<pod_report>.size), supervisor.descriptors, &count)
            if received == -11 { return }
            guard received > 0 else {
                close()
                return child.statusEnded()
            }
            for i in 1..<Int(max(count, 1)) { pod_close(supervisor.descriptors[i]) }
            guard received == MemoryLayout<pod_report>.size else { continue }
            child.receive(report, count > 0 ? supervisor.descriptors[0] : -1)
        }
    }
}
