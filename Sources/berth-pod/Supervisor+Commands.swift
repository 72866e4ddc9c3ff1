import CPodLaunch
import CSandboxPlan

/// Processes beside the containers' first: commands in them, and questions to their OCI runtime.
extension Supervisor {
    func exec(_ request: berth_request, _ received: Received, _ connection: Connection) {
        let file = received.take(0)
        let plan = Plan(file, kind: BERTH_PLAN_PROCESS)
        pod_close(file)
        guard let plan else {
            received.close()
            return connection.fail(request.tag, "plan", error: 71)  // EPROTO
        }
        defer {
            plan.close()
            received.close()
        }
        guard let container = container(request.container), container.isRunning, ending == nil else {
            return connection.fail(request.tag, "container", error: 2)  // ENOENT
        }
        var record = berth_reply(BERTH_STARTED, tag: request.tag)
        record.container = request.container
        let status = Pair(true, pod_message_pair)
        let (input, output, error) = (received.take(1), received.take(2), received.take(3))
        let unified = container.cgroup.openUnified(unifiedIndex)
        let pid = container.withPlace { place in
            var place = place
            return pod_exec(
                plan.bytes, &context, container.pid, unified, &place,
                pod_streams(status: status.second, input: input, output: output, error: error, gate: (-1, -1)))
        }
        for theirs in [unified, status.second, input, output, error] { pod_close(theirs) }
        guard pid > 0 else {
            pod_close(status.first)
            return connection.fail(request.tag, "clone3", error: -pid)
        }
        Exec(record, connection).launched(pid, status: status.first)
    }

    /// Has the OCI runtime send the signal to the container, or for zero forget it.
    func ask(_ container: Container, _ request: berth_request, _ signal: Int32, _ connection: Connection) {
        var record = berth_reply(BERTH_DONE, tag: request.tag)
        record.container = container.record.container
        let status = Pair(true, pod_message_pair)
        let pid = container.withPlace { place in
            var place = place
            return pod_ask_runtime(&context, &place, signal, status.second)
        }
        pod_close(status.second)
        let question = RuntimeQuestion(record, connection, container, signal: signal)
        guard pid > 0 else {
            pod_close(status.first)
            return question.answered()
        }
        question.launched(pid, status: status.first)
    }

    func signalExec(_ tag: UInt64, of connection: Connection, _ signal: Int32) {
        for child in children where child.tag == tag && child.connection === connection && child is Exec {
            // A command leads a session of its own, or is in that of the command that started it.
            _ = pod_kill_group(child.pid, signal)
        }
    }
}
