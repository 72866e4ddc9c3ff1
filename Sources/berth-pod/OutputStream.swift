import CPodLaunch

/// The reading end of a container's stdout or stderr, or its TTY: into the log, and to whoever is attached.
final class OutputStream: Source {
    private let log: LogFile
    private let isError: Bool
    private var clients: [AttachedClient] = []
    /// The beginning of a line whose end has not come; only then is there memory for it.
    private var pending: UnsafeMutablePointer<UInt8>?
    private var pendingCount = 0
    /// The last record was a P.
    private var isContinued = false

    init(_ descriptor: Int32, log: LogFile, isError: Bool, _ supervisor: Supervisor) {
        self.log = log
        self.isError = isError
        super.init(descriptor, supervisor)
        watch(UInt32(POD_READABLE))
    }

    /// One read a round, so that no container starves the others.
    override func ready(_ events: UInt32) { _ = readOnce() }

    /// Reads what is there, at the end of the container.
    func drain() {
        while isOpen, readOnce() {}
    }

    func attach(_ client: AttachedClient) { clients.append(client) }

    /// A client has caught up or gone.
    func clientChanged() {
        clients.removeAll { !$0.isOpen }
        for client in clients where client.isBehind { return }
        watch(UInt32(POD_READABLE))
    }

    /// - Returns: whether there may be more.
    private func readOnce() -> Bool {
        let buffer = supervisor.input
        let count = pod_read(descriptor, buffer, UInt(Supervisor.inputSize))
        if count == -11 { return false }  // EAGAIN
        guard count > 0 else {
            // Also a TTY whose last user has gone: EIO.
            end()
            return false
        }
        pod_format_time(pod_now(), supervisor.time)
        record(buffer, count)
        log.flush()
        var isBehind = false
        for client in clients {
            client.send(buffer, count)
            if client.isBehind { isBehind = true }
        }
        if isBehind { pause() }
        return true
    }

    private func record(_ bytes: UnsafeMutablePointer<UInt8>, _ count: Int) {
        var start = 0
        while start < count {
            let line = Int(pod_find(bytes + start, UInt(count - start), 10))
            let isEnded = start + line < count
            if pendingCount == 0, isEnded {
                write(bytes + start, line, isWhole: true)
                start += line + 1
                continue
            }
            let space = LogFile.longestRecord - pendingCount
            let taken = line < space ? line : space
            let pending = pending ?? UnsafeMutablePointer<UInt8>.allocate(capacity: LogFile.longestRecord)
            self.pending = pending
            (pending + pendingCount).update(from: bytes + start, count: taken)
            pendingCount += taken
            start += taken
            if isEnded, taken == line {
                flushPending(isWhole: true)
                start += 1
            } else if pendingCount == LogFile.longestRecord {
                flushPending(isWhole: false)
            }
        }
    }

    private func flushPending(isWhole: Bool) {
        guard let pending else { return }
        write(pending, pendingCount, isWhole: isWhole)
        pending.deallocate()
        self.pending = nil
        pendingCount = 0
    }

    private func write(_ bytes: UnsafePointer<UInt8>, _ count: Int, isWhole: Bool) {
        log.append(bytes, count, isError: isError, isWhole: isWhole, at: supervisor.time)
        if isContinued == isWhole {
            isContinued = !isWhole
            log.openLines += isContinued ? 1 : -1
        }
    }

    /// The last line may have no end of line; it is whole all the same.
    private func end() {
        if pendingCount > 0 || isContinued {
            pod_format_time(pod_now(), supervisor.time)
            if pending == nil { pending = UnsafeMutablePointer<UInt8>.allocate(capacity: 1) }
            flushPending(isWhole: true)
            log.flush()
        }
        for client in clients { client.finish() }
        clients = []
        close()
    }
}

/// The pipe of an attached client. It may fall behind by what the pipe holds; then the container waits for it.
final class AttachedClient: Source {
    private let stream: OutputStream
    private var backlog: UnsafeMutablePointer<UInt8>?
    private var backlogCount = 0
    private var isFinishing = false

    init(_ descriptor: Int32, _ stream: OutputStream) {
        self.stream = stream
        super.init(descriptor, stream.supervisor)
        _ = pod_set_nonblocking(descriptor)
        stream.attach(self)
        watch(0)
    }

    var isBehind: Bool { isOpen && backlogCount > 0 }

    func send(_ bytes: UnsafePointer<UInt8>, _ count: Int) {
        guard isOpen else { return }
        let sent = backlogCount > 0 ? 0 : pod_write(descriptor, bytes, UInt(count))
        if sent < 0, sent != -11 { return abandon() }
        let done = sent < 0 ? 0 : sent
        if done < count { keep(bytes + done, count - done) }
    }

    /// Closes once everything is delivered.
    func finish() {
        isFinishing = true
        if backlogCount == 0 { close() }
    }

    override func ready(_ events: UInt32) {
        if let backlog, backlogCount > 0 {
            let sent = pod_write(descriptor, backlog, UInt(backlogCount))
            if sent == -11 { return }
            if sent < 0 { return abandon() }
            backlogCount -= sent
            if backlogCount > 0 {
                backlog.update(from: backlog + sent, count: backlogCount)
                return
            }
            drop()
            if isFinishing { return close() }
            watch(0)
            return stream.clientChanged()
        }
        if events & UInt32(POD_ENDED) != 0 { abandon() }
    }

    private func keep(_ bytes: UnsafePointer<UInt8>, _ count: Int) {
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: backlogCount + count)
        if let backlog { larger.update(from: backlog, count: backlogCount) }
        (larger + backlogCount).update(from: bytes, count: count)
        backlog?.deallocate()
        backlog = larger
        backlogCount += count
        watch(UInt32(POD_WRITABLE))
    }

    private func drop() {
        backlog?.deallocate()
        backlog = nil
        backlogCount = 0
    }

    private func abandon() {
        drop()
        close()
        if !isFinishing { stream.clientChanged() }
    }
}
