import CPodLaunch
import CSandboxPlan

/// A container from its start to its removal.
final class Container: Child {
    let cgroup: Cgroup
    private let isStdinOnce: Bool
    private let log: LogFile
    private var streams: [OutputStream] = []
    /// Our end of its stdin, or -1.
    private var input: Int32
    /// The master of its TTY, or -1: the first stream's descriptor.
    private var terminal: Int32 = -1

    /// The OCI runtime has been asked to forget it, because the pod ends.
    var isForgotten = false

    var isRunning: Bool { Int(record.flags) & BERTH_HAS_EXITED == 0 }

    init(_ record: berth_reply, _ connection: Connection, _ cgroup: Cgroup, _ log: LogFile, input: Int32, isStdinOnce: Bool) {
        self.cgroup = cgroup
        self.log = log
        self.input = input
        self.isStdinOnce = isStdinOnce
        super.init(record, connection)
    }

    func read(_ output: Int32, _ error: Int32) {
        if output >= 0 { streams.append(OutputStream(output, log: log, isError: false, supervisor)) }
        if error >= 0 { streams.append(OutputStream(error, log: log, isError: true, supervisor)) }
    }

    /// `id` has as many characters as every id.
    func hasID(_ id: Text) -> Bool {
        withUnsafeBytes(of: record.container) { bytes in
            for i in 0..<bytes.count where bytes[i] != UInt8(bitPattern: id[i]) { return false }
            return true
        }
    }

    override func terminal(_ master: Int32) {
        terminal = master
        _ = pod_set_nonblocking(master)
        read(master, -1)
    }

    override func started() {
        var reply = record
        reply.kind = UInt32(BERTH_STARTED)
        reply.tag = tag
        connection.send(&reply)
    }

    override func failed(_ failure: berth_reply) {
        var failure = failure
        failure.flags = UInt32(BERTH_HAS_SCRATCH)
        for stream in streams { stream.drain() }
        // An OCI runtime may have begun with it.
        if supervisor.context.runtime != nil { cgroup.signal(9) }
        // Who asked for it has gone, and who has come since may have it in its list: there it ends.
        guard connection.isOpen else { return exited(128 << 8) }
        forget()
        connection.send(&failure)
    }

    override func exited(_ status: Int32) {
        record.finished = pod_now()
        record.code = pod_exit_code(status)
        record.signal = pod_exit_signal(status)
        // What the container left running in a PID namespace that is not its own ends with it.
        if supervisor.context.pid_scope != UInt32(BERTH_PID_CONTAINER) { cgroup.signal(9) }
        record.flags = UInt32(BERTH_HAS_EXITED | (cgroup.hasOOMKills ? BERTH_OOM_KILLED : 0))
        for stream in streams { stream.drain() }
        pod_close(input)
        input = -1
        supervisor.saveExit(record)
        var event = record
        event.kind = UInt32(BERTH_EXITED)
        supervisor.broadcast(event)
    }

    /// Its cgroup and descriptors; the record goes with the object.
    func forget() {
        for stream in streams { stream.close() }
        pod_close(input)
        input = -1
        cgroup.remove()
        supervisor.containers.removeAll { $0 === self }
    }

    /// It has ended, and nobody asks for it again.
    func remove(_ connection: Connection, _ tag: UInt64) {
        forget()
        supervisor.dropExit(record)
        var reply = berth_reply(BERTH_DONE, tag: tag)
        reply.subject = record.subject
        connection.send(&reply)
    }

    /// What commands in it, and those of an OCI runtime, are told of it.
    func withPlace(_ body: (pod_place) -> Int32) -> Int32 {
        var record = record
        return withUnsafePointer(to: &record.subject) { scratch in
            // Not terminated where it is: it fills its field.
            let id = UnsafeMutablePointer<CChar>.allocate(capacity: Int(BERTH_ID_SIZE) + 1)
            defer { id.deallocate() }
            withUnsafeBytes(of: self.record.container) { for i in 0..<$0.count { id[i] = CChar(bitPattern: $0[i]) } }
            id[Int(BERTH_ID_SIZE)] = 0
            return scratch.withMemoryRebound(to: CChar.self, capacity: 256) { scratch in
                body(pod_place(id: id, scratch: scratch, directories: cgroup.directories))
            }
        }
    }

    func attach(_ output: Int32, _ error: Int32, _ connection: Connection, tag: UInt64) {
        if streams.count > 0 { _ = AttachedClient(output, streams[0]) } else { pod_close(output) }
        if streams.count > 1 { _ = AttachedClient(error, streams[1]) } else { pod_close(error) }
        var reply = berth_reply(BERTH_DONE, tag: tag)
        if terminal >= 0 {
            reply.flags = UInt32(BERTH_IS_TERMINAL)
            connection.send(&reply, terminal)
            return
        }
        connection.send(&reply, input)
        if isStdinOnce {
            pod_close(input)
            input = -1
        }
    }

    func resize(rows: UInt32, columns: UInt32) {
        if terminal >= 0 { _ = pod_set_window_size(terminal, rows, columns) }
    }
}

/// A command in a container. Its streams are not ours: the client has the other ends.
final class Exec: Child {
    private var master: Int32 = -1

    override func terminal(_ master: Int32) { self.master = master }

    override func started() {
        var reply = record
        reply.kind = UInt32(BERTH_STARTED)
        connection.send(&reply, master)
        pod_close(master)
        master = -1
    }

    override func failed(_ failure: berth_reply) {
        pod_close(master)
        var failure = failure
        connection.send(&failure)
    }

    override func exited(_ status: Int32) {
        var reply = record
        reply.kind = UInt32(BERTH_EXEC_EXITED)
        reply.code = pod_exit_code(status)
        reply.signal = pod_exit_signal(status)
        connection.send(&reply)
    }
}

/// A command of the OCI runtime about a container: `kill`, or with no signal `delete`.
final class RuntimeQuestion: Child {
    private let container: Container
    private let signal: Int32

    init(_ record: berth_reply, _ connection: Connection, _ container: Container, signal: Int32) {
        self.container = container
        self.signal = signal
        super.init(record, connection)
    }

    override func failed(_ failure: berth_reply) {
        // What the runtime has not sent, we do: the container is a process of ours.
        if signal > 0, container.isRunning { _ = pod_kill(container.pid, signal) }
        // One that has just ended cannot be signalled; all else is worth a word.
        if signal == 0 || container.isRunning {
            var warning = failure
            warning.kind = UInt32(BERTH_WARNING)
            supervisor.broadcast(warning)
        }
        answered()
    }

    override func exited(_ status: Int32) { answered() }

    /// Whatever the runtime thinks of it, a container that is removed is no more.
    func answered() {
        if signal > 0 { connection.done(tag) }
        else if !container.isForgotten { container.remove(connection, tag) }
    }
}
