import CPodLaunch
import CSandboxPlan

/// A pod's supervisor, from the message that asks for it on. What goes wrong is said on its connection, when nothing is at work any more.
struct Birth {
    let connection: Int32
    let planFile: Int32
    /// The pod's.
    let directory: Text
    /// Of the seed: minus an errno when there is no `/dev/null` that may be handed to a container.
    let prepared: Int32

    /// Forks the supervisor. While that makes its namespaces, which takes as long, the seed makes what it is to find on the host.
    /// - Parameter leave: what a fork does to be no seed.
    /// - Returns: nil in the seed; in the fork its exit code, when the pod has ended.
    func start(_ leave: () -> Void) -> Int32? {
        guard let plan = Plan(planFile, kind: BERTH_PLAN_SANDBOX) else { return fail("plan", nil, -71) }  // EPROTO
        let code = fork(plan, leave)
        if code == nil { plan.close() }
        return code
    }

    private func fork(_ plan: Plan, _ leave: () -> Void) -> Int32? {
        if prepared < 0 { return fail("standard streams", nil, prepared) }
        let sandbox = plan.body(berth_sandbox.self)
        let unifiedIndex = Cgroup.unifiedIndex(plan, sandbox.pointee.cgroup)
        var unified: Int32 = -1
        if unifiedIndex >= 0 {
            // One is born into a cgroup of v2, which is there first. With children it holds no processes, so the supervisor's is a leaf of the pod's.
            if let failure = makeCgroup(plan, sandbox) { return fail("cgroup", failure.subject, failure.code) }
            unified = pod_unified_leaf(plan.text(plan.array(sandbox.pointee.cgroup.directories, of: berth_span.self)[unifiedIndex]), "supervisor")
        }
        let gate = Pair(true, pod_input_pipe)
        let pid = pod_fork(unified)
        pod_close(unified)
        if pid == 0 {
            leave()
            pod_close(gate.second)
            return supervise(plan, sandbox, unifiedIndex: unifiedIndex, gate: gate.first)
        }
        defer { for end in [gate.first, gate.second] { pod_close(end) } }
        if pid < 0 { return fail("fork", nil, pid) }
        if unifiedIndex < 0, let failure = makeCgroup(plan, sandbox) {
            pod_end(pid)
            return fail("cgroup", failure.subject, failure.code)
        }
        let mounted = Int(sandbox.pointee.flags) & BERTH_IPC == 0 ? 0 : pod_mount_shared_memory(directory, sandbox)
        if mounted < 0 {
            pod_end(pid)
            return fail("shared memory", nil, mounted)
        }
        _ = pod_write(gate.second, "1", 1)
        return nil
    }

    private func supervise(_ plan: Plan, _ sandbox: UnsafePointer<berth_sandbox>, unifiedIndex: Int, gate: Int32) -> Int32 {
        pod_leave_seed()
        pod_close(planFile)
        let entered = pod_chdir(directory)
        let made = entered < 0 ? 0 : pod_make_namespaces(sandbox, warn, context)
        var byte: UInt8 = 0
        // Else the seed has failed, and said so.
        guard pod_read(gate, &byte, 1) == 1 else { return 1 }
        pod_close(gate)
        if entered < 0 { return report("directory", directory, entered) }
        if made < 0 { return report("namespaces", nil, made) }
        var step: Text?
        var subject: Text?
        var anchor = pod_anchor()
        let code = pod_enter_sandbox(plan.bytes, sandbox, &anchor, &step, &subject)
        if code < 0 { return report(step, subject, code) }
        let supervisor = Supervisor(directory, sandbox.pointee, anchor, unifiedIndex: unifiedIndex)
        supervisor.use(runtime: plan.text(sandbox.pointee.runtime), seconds: sandbox.pointee.runtime_seconds)
        plan.close()
        return report("event loop", nil, supervisor.run(connection))
    }

    /// Nil, or minus an errno.
    private func makeCgroup(_ plan: Plan, _ sandbox: UnsafePointer<berth_sandbox>) -> (code: Int32, subject: Text?)? {
        var subject: Text?
        var cgroup = sandbox.pointee.cgroup
        let code = pod_make_cgroup(plan.bytes, &cgroup, &subject, warn, context)
        return code < 0 ? (code, subject) : nil
    }

    /// In the seed, which goes on.
    private func fail(_ step: StaticString, _ subject: Text?, _ code: Int32) -> Int32? {
        _ = report(step, subject, code)
        return nil
    }

    private func report(_ step: StaticString, _ subject: Text?, _ code: Int32) -> Int32 {
        var reply = berth_reply(BERTH_FAILED, tag: 0, step: step, subject: subject, error: -code)
        return send(&reply)
    }

    private func report(_ step: Text?, _ subject: Text?, _ code: Int32) -> Int32 {
        var reply = berth_reply(BERTH_FAILED)
        if let step { copyText(step, into: &reply.step) }
        if let subject { copyText(subject, into: &reply.subject) }
        reply.error = -code
        return send(&reply)
    }

    private func send(_ reply: inout berth_reply) -> Int32 {
        _ = pod_send(connection, &reply, UInt(MemoryLayout<berth_reply>.size), nil, 0)
        return 1
    }

    /// The number of the connection, for `warn`.
    private var context: UnsafeMutableRawPointer? { UnsafeMutableRawPointer(bitPattern: Int(connection)) }
}

private func warn(_ context: UnsafeMutableRawPointer?, _ step: Text?, _ subject: Text?, _ error: Int32) {
    var reply = berth_reply(BERTH_WARNING)
    if let step { copyText(step, into: &reply.step) }
    if let subject { copyText(subject, into: &reply.subject) }
    reply.error = error
    _ = pod_send(Int32(Int(bitPattern: context)), &reply, UInt(MemoryLayout<berth_reply>.size), nil, 0)
}
