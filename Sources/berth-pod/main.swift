import CPodLaunch
import CSandboxPlan

// berth-pod DIRECTORY NAME: with a connection as descriptor 3 and the sandbox plan as 4. The directory is the pod's own,
// under /run/berth/pods; the name is for people who look at the process list.

private let control: Int32 = 3
private let planFile: Int32 = 4

@_cdecl("berth_pod_main")
public func berthPod(_ argc: Int32, _ argv: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> Int32 {
    guard argc >= 2, let argument = argv?[1] else { return 64 }
    let directory = Text(argument)
    guard let plan = Plan(planFile, kind: BERTH_PLAN_SANDBOX) else { return fail("plan", nil, -71) }  // EPROTO
    pod_close(planFile)
    let sandbox = plan.body(berth_sandbox.self)
    let entered = pod_chdir(directory)
    if entered < 0 { return fail("directory", directory, entered) }

    var subject: Text?
    var cgroup = sandbox.pointee.cgroup
    let made = pod_make_cgroup(plan.bytes, &cgroup, &subject, warn, nil)
    if made < 0 { return fail("cgroup", subject, made) }
    let unifiedIndex = Cgroup.unifiedIndex(plan, cgroup)
    // On v2 a cgroup with children holds no processes, so the supervisor's is a leaf of the pod's.
    let unified =
        unifiedIndex < 0 ? -1 : pod_unified_leaf(plan.text(plan.array(cgroup.directories, of: berth_span.self)[unifiedIndex]), "supervisor")
    // The one that stays is a child whose parent ends now: whatever becomes of berthd, it is none of its processes.
    let pid = pod_fork_supervisor(sandbox.pointee.flags, unified)
    if pid != 0 { return pid < 0 ? fail("clone3", nil, pid) : 0 }
    pod_close(unified)

    var step: Text?
    var anchor = pod_anchor()
    let code = pod_enter_sandbox(plan.bytes, sandbox, &anchor, &step, &subject, warn, nil)
    if code < 0 { return fail(step, subject, code) }
    let supervisor = Supervisor(directory, sandbox.pointee, anchor, unifiedIndex: unifiedIndex)
    supervisor.use(runtime: plan.text(sandbox.pointee.runtime))
    plan.close()
    return fail("event loop", nil, supervisor.run(control))
}

private func fail(_ step: StaticString, _ subject: Text?, _ code: Int32) -> Int32 {
    var reply = berth_reply(BERTH_FAILED, tag: 0, step: step, subject: subject, error: -code)
    return send(&reply)
}

private func fail(_ step: Text?, _ subject: Text?, _ code: Int32) -> Int32 {
    var reply = berth_reply(BERTH_FAILED)
    if let step { copyText(step, into: &reply.step) }
    if let subject { copyText(subject, into: &reply.subject) }
    reply.error = -code
    return send(&reply)
}

private func send(_ reply: inout berth_reply) -> Int32 {
    _ = pod_send(control, &reply, UInt(MemoryLayout<berth_reply>.size), nil, 0)
    return 1
}

private func warn(_ context: UnsafeMutableRawPointer?, _ step: Text?, _ subject: Text?, _ error: Int32) {
    var reply = berth_reply(BERTH_WARNING)
    if let step { copyText(step, into: &reply.step) }
    if let subject { copyText(subject, into: &reply.subject) }
    reply.error = error
    _ = send(&reply)
}
