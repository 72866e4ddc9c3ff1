import CPodLaunch
import CSandboxPlan

/// The pod: its containers, its clients, and the one loop that serves them all.
final class Supervisor {
    static let inputSize = LogFile.longestRecord
    static let descriptorLimit = 8

    let poller: Int32
    var context: pod_context
    var containers: [Container] = []
    /// Every process of ours that has not been reaped.
    var children: [Child] = []
    private var connections: [Connection] = []
    var ending: (connection: Connection, tag: UInt64)?

    // Used within one round by one source, and so one for all.
    let input = UnsafeMutablePointer<UInt8>.allocate(capacity: inputSize)
    let output = UnsafeMutablePointer<UInt8>.allocate(capacity: LogFile.bufferSize)
    let time = UnsafeMutablePointer<CChar>.allocate(capacity: 32)
    let descriptors = UnsafeMutablePointer<Int32>.allocate(capacity: descriptorLimit)

    private var sources: [Source] = []
    /// Closed in this round: the kernel may have reported them already.
    private var released: [Source] = []
    private let directory: Text
    let unifiedIndex: Int
    /// Ends of processes that were not known when they were reaped, while some child has yet to say who it is.
    var strays: [(pid: Int32, status: Int32)] = []
    var hasLostAnchor = false

    init(_ directory: Text, _ sandbox: berth_sandbox, _ anchor: pod_anchor, unifiedIndex: Int) {
        self.unifiedIndex = unifiedIndex
        self.directory = directory
        poller = pod_poller()
        context = pod_context(
            pid_scope: sandbox.pid_scope, shared_memory: nil, anchor: anchor, user_base: sandbox.user_base, runtime: nil, runtime_state: nil, runtime_seconds: 0)
        if Int(sandbox.flags) & BERTH_IPC != 0 { context.shared_memory = joined("shm") }
    }

    /// Containers are made by the OCI runtime of this path, should there be one.
    func use(runtime: Text, seconds: UInt32) {
        guard length(runtime) > 0 else { return }
        context.runtime_seconds = seconds > 0 ? min(seconds, 86_400) : 50
        context.runtime = Text(pod_copy(runtime))
        context.runtime_state = joined("oci")
    }

    /// The path of a file in the pod's directory, from malloc(3).
    private func joined(_ name: StaticString) -> Text {
        let room = length(directory) + name.utf8CodeUnitCount + 2
        let path = pod_allocate(UInt(room)).assumingMemoryBound(to: CChar.self)
        pod_join(directory, name.utf8Start, path, UInt(room))
        return Text(path)
    }

    /// Returns minus an errno, or never.
    func run(_ first: Int32) -> Int32 {
        let listener = pod_listen("control")
        if listener < 0 { return listener }
        let signals = SignalSource(pod_child_signals(), self)
        signals.watch(UInt32(POD_READABLE))
        ListenerSource(listener, self).watch(UInt32(POD_READABLE))
        let connection = connect(first, isSubscribed: true)
        var ready = berth_reply(BERTH_READY)
        pod_identity(&ready.pid, &ready.start_ticks)
        connection.send(&ready)
        return loop()
    }

    private func loop() -> Int32 {
        let limit = 16
        let tokens = UnsafeMutablePointer<UnsafeMutableRawPointer?>.allocate(capacity: limit)
        let events = UnsafeMutablePointer<UInt32>.allocate(capacity: limit)
        while true {
            let count = pod_wait(poller, tokens, events, Int32(limit))
            if count < 0 { return count }
            for i in 0..<Int(count) {
                guard let token = tokens[i] else { continue }
                let source = Unmanaged<Source>.fromOpaque(token).takeUnretainedValue()
                if source.isOpen { source.ready(events[i]) }
            }
            released.removeAll()
        }
    }

    func retain(_ source: Source) { sources.append(source) }

    func release(_ source: Source) {
        released.append(source)
        sources.removeAll { $0 === source }
    }

    // MARK: Clients

    @discardableResult
    func connect(_ descriptor: Int32, isSubscribed: Bool) -> Connection {
        let connection = Connection(descriptor, isSubscribed: isSubscribed, self)
        connections.append(connection)
        return connection
    }

    /// Its commands have nobody left to talk to.
    func connectionEnded(_ connection: Connection) {
        connections.removeAll { $0 === connection }
        for child in children where child.connection === connection && child is Exec { _ = pod_kill_group(child.pid, 9) }
    }

    func broadcast(_ event: berth_reply) {
        var event = event
        event.tag = 0
        for connection in connections where connection.isSubscribed { connection.send(&event) }
    }

    /// Also those that are being started: whoever asks now must not start them once more.
    func list(to connection: Connection, _ tag: UInt64) {
        for container in containers {
            var reply = container.record
            reply.kind = UInt32(BERTH_CONTAINER)
            reply.tag = tag
            connection.send(&reply)
        }
    }

    // MARK: Containers

    func container<Identifier>(_ id: Identifier) -> Container? {
        for container in containers where isSame(container.record.container, id) { return container }
        return nil
    }

    func start(_ request: berth_request, _ received: Received, _ connection: Connection) {
        let file = received.take(0)
        received.close()
        let plan = Plan(file, kind: BERTH_PLAN_CONTAINER)
        pod_close(file)
        guard let plan else { return connection.fail(request.tag, "plan", error: 71) }  // EPROTO
        defer { plan.close() }
        if ending != nil { return connection.fail(request.tag, "container", error: 108) }  // ESHUTDOWN
        if container(request.container) != nil { return connection.fail(request.tag, "container", error: 17) }  // EEXIST
        let target = processTarget(plan)
        if target < 0 { return connection.fail(request.tag, "process target", error: 3) }  // ESRCH
        launch(plan, target, request, connection)
    }

    /// The first process of the container whose PID namespace is asked for; zero when none is, -1 when it does not run.
    private func processTarget(_ plan: Plan) -> Int32 {
        let body = plan.body(berth_container.self)
        guard body.pointee.process_target.count > 0 else { return 0 }
        let id = plan.text(body.pointee.process_target)
        for container in containers where container.isRunning && container.isStarted && container.hasID(id) { return container.pid }
        return -1
    }

    private func launch(_ plan: Plan, _ target: Int32, _ request: berth_request, _ connection: Connection) {
        let body = plan.body(berth_container.self)
        let scratch = plan.text(body.pointee.scratch)
        if let failure = makeScratch(scratch) { return connection.fail(request.tag, "scratch directory", scratch, error: -failure) }
        func fail(_ step: StaticString, _ subject: Text?, _ error: Int32) {
            var reply = berth_reply(BERTH_FAILED, tag: request.tag, step: step, subject: subject, error: error)
            reply.flags = UInt32(BERTH_HAS_SCRATCH)
            connection.send(&reply)
        }

        var record = berth_reply(BERTH_STARTED, tag: request.tag)
        record.container = request.container
        copyText(plan.text(body.pointee.name), into: &record.name)
        copyText(scratch, into: &record.subject)
        record.attempt = body.pointee.attempt

        let cgroup = Cgroup(plan, body.pointee.cgroup)
        // A process is born into a cgroup of v2, and an OCI runtime looks at it. Those of v1 are made while the process mounts its root.
        let isThereFirst = unifiedIndex >= 0 || context.runtime != nil
        if isThereFirst, let failure = makeCgroup(plan, body.pointee.cgroup) {
            cgroup.remove()
            return fail("cgroup", failure.subject, -failure.code)
        }
        let logPath = plan.text(body.pointee.log_path)
        let log = LogFile(logPath, maxBytes: body.pointee.log_max_bytes, maxFiles: body.pointee.log_max_files, buffer: output)
        if log.error != 0 {
            cgroup.remove()
            return fail("log", logPath, log.error)
        }
        let hasTerminal = Int(body.pointee.process.flags) & BERTH_TTY != 0
        let hasInput = Int(body.pointee.flags) & BERTH_STDIN != 0 && !hasTerminal
        let (input, out, error, status) = (
            Pair(hasInput, pod_input_pipe), Pair(!hasTerminal, pod_output_pipe), Pair(!hasTerminal, pod_output_pipe), Pair(true, pod_message_pair)
        )
        let gate = Pair(!isThereFirst, pod_input_pipe)
        let container = Container(
            record, connection, cgroup, log, input: input.second, isStdinOnce: Int(body.pointee.flags) & BERTH_STDIN_ONCE != 0)
        let unified = cgroup.openUnified(unifiedIndex)
        let pid = pod_start(
            plan.bytes, &context, target, unified,
            pod_streams(status: status.second, input: input.first, output: out.second, error: error.second, gate: (gate.first, gate.second)))
        for theirs in [unified, status.second, input.first, out.second, error.second, gate.first] { pod_close(theirs) }
        let failure = pid > 0 && !isThereFirst ? makeCgroup(plan, body.pointee.cgroup) : nil
        guard pid > 0, failure == nil else {
            for ours in [status.first, out.first, error.first, gate.second] { pod_close(ours) }
            // Should it be past the mounts, it finds the gate shut.
            if pid > 0 { _ = pod_kill(pid, 9) }
            container.forget()
            return pid > 0 ? fail("cgroup", failure?.subject, -(failure?.code ?? 0)) : fail("clone3", nil, -pid)
        }
        if gate.second >= 0 { _ = pod_write(gate.second, "1", 1) }
        pod_close(gate.second)
        containers.append(container)
        container.read(out.first, error.first)
        container.launched(pid, status: status.first)
        cgroup.lookForMemory()
    }

    /// Nil, or minus an errno. A directory that exists already belongs to somebody else.
    private func makeScratch(_ scratch: Text) -> Int32? {
        var code = pod_mkdir(scratch, 0o700)
        if code == -2 {  // ENOENT
            code = pod_make_parents(scratch, 0o711)
            if code == 0 { code = pod_mkdir(scratch, 0o700) }
        }
        if code < 0 { return code }
        let room = length(scratch) + 16
        let path = UnsafeMutablePointer<CChar>.allocate(capacity: room)
        defer { path.deallocate() }
        let names: [StaticString] = ["upper", "work", "merged"]
        // Without user namespace and OCI runtime the root is mounted over the upper directory.
        for name in names.prefix(context.anchor.user_namespace >= 0 || context.runtime != nil ? 3 : 2) {
            pod_join(scratch, name.utf8Start, path, UInt(room))
            code = pod_mkdir(path, 0o755)
            if code < 0 { return code }
        }
        return nil
    }

    /// Nil, or minus an errno.
    private func makeCgroup(_ plan: Plan, _ cgroup: berth_cgroup) -> (code: Int32, subject: Text?)? {
        var subject: Text?
        var cgroup = cgroup
        let code = pod_make_cgroup(plan.bytes, &cgroup, &subject, sendWarning, Unmanaged.passUnretained(self).toOpaque())
        return code < 0 ? (code, subject) : nil
    }
}

private func sendWarning(_ context: UnsafeMutableRawPointer?, _ step: Text?, _ subject: Text?, _ error: Int32) {
    guard let context, let step else { return }
    var reply = berth_reply(BERTH_WARNING)
    copyText(step, into: &reply.step)
    if let subject { copyText(subject, into: &reply.subject) }
    reply.error = error
    Unmanaged<Supervisor>.fromOpaque(context).takeUnretainedValue().broadcast(reply)
}

final class SignalSource: Source {
    override func ready(_ events: UInt32) {
        pod_consume_signals(descriptor)
        supervisor.reap()
    }
}

final class ListenerSource: Source {
    override func ready(_ events: UInt32) {
        let descriptor = pod_accept(self.descriptor)
        if descriptor >= 0 { supervisor.connect(descriptor, isSubscribed: false) }
    }
}
