import CPodLaunch
import CSandboxPlan

/// Of processes, of containers, and of the pod.
extension Supervisor {
    func reap() {
        var status: Int32 = 0
        while true {
            let pid = pod_reap(&status)
            if pid == 0 { break }
            if pid == context.anchor.pid {
                hasLostAnchor = true
                continue
            }
            if ended(pid, status) { continue }
            // A child may have become another process, and not have been heard. All others are orphans that fell to us as their subreaper.
            for child in children { child.listen() }
            if ended(pid, status) { continue }
            for child in children where !child.isKnown {
                strays.append((pid, status))
                break
            }
        }
        finishIfDone()
        // With it ended every process of the pod's PID namespace, and none can be started any more: the pod needs another one.
        if ending == nil, hasLostAnchor { pod_exit(1) }
    }

    /// False when no child has this pid.
    private func ended(_ pid: Int32, _ status: Int32) -> Bool {
        for (index, child) in children.enumerated() where child.pid == pid {
            child.listen()
            // Then it has only started the process that it is now.
            guard child.pid == pid else { return true }
            children.remove(at: index)
            child.reaped(status)
            return true
        }
        return false
    }

    /// The child says who it is; it may be over already.
    func identified(_ child: Child) {
        for (index, stray) in strays.enumerated() where stray.pid == child.pid {
            strays.remove(at: index)
            _ = ended(stray.pid, stray.status)
            break
        }
        for child in children where !child.isKnown { return }
        strays.removeAll()
    }

    /// For a berthd that finds us gone: what we knew. Forgotten with the container.
    func saveExit(_ record: berth_reply) {
        var record = record
        withExitPath(record) { path in _ = pod_save(path, &record, UInt(MemoryLayout<berth_reply>.size)) }
    }

    func dropExit(_ record: berth_reply) {
        withExitPath(record) { path in _ = pod_unlink(path) }
    }

    private func withExitPath(_ record: berth_reply, _ body: (Text) -> Void) {
        let prefix: StaticString = "exit-"
        let count = prefix.utf8CodeUnitCount
        let path = UnsafeMutablePointer<CChar>.allocate(capacity: count + Int(BERTH_ID_SIZE) + 1)
        for i in 0..<count { path[i] = CChar(prefix.utf8Start[i]) }
        withUnsafeBytes(of: record.container) { for i in 0..<$0.count { path[count + i] = CChar(bitPattern: $0[i]) } }
        path[count + Int(BERTH_ID_SIZE)] = 0
        body(path)
        path.deallocate()
    }

    func shutDown(_ connection: Connection, _ tag: UInt64) {
        ending = (connection, tag)
        for child in children { _ = pod_kill_group(child.pid, 9) }
        for container in containers where container.isRunning { container.cgroup.signal(9) }
        finishIfDone()
    }

    /// An OCI runtime is asked to forget each container first.
    private func finishIfDone() {
        guard let ending, children.isEmpty else { return }
        if context.runtime != nil {
            for container in containers where !container.isForgotten {
                container.isForgotten = true
                ask(container, berth_request(), 0, ending.connection)
            }
        }
        if children.isEmpty { finish() }
    }

    private func finish() {
        guard let ending else { return }
        list(to: ending.connection, ending.tag)
        // It removes what is on the host besides, and waits for our end with the pod's cgroup.
        ending.connection.done(ending.tag)
        for container in containers { container.cgroup.remove() }
        pod_exit(0)
    }
}
