import CSandboxPlan
package import Glibc
import KubeAPI
import LinuxSystem
import PodPlanning
package import SandboxPlan

/// One pod's supervisor, `berth-pod`, and the containers it holds. Letting go of the value leaves the pod running.
package actor Sandbox {
    package nonisolated let pod: PodIdentity
    package nonisolated let plan: SandboxPlan
    /// The supervisor, as the host numbers it.
    package nonisolated let pid: pid_t
    /// What happens in the pod, in order; ends with the supervisor. One reader.
    package nonisolated let events: AsyncStream<SandboxEvent>
    private let channel: ControlChannel
    private let remains: SandboxRemains
    private let configuration: RuntimeConfiguration

    init(
        plan: SandboxPlan, pid: pid_t, channel: ControlChannel, events: AsyncStream<SandboxEvent>, remains: SandboxRemains,
        configuration: RuntimeConfiguration
    ) {
        self.plan = plan
        pod = plan.pod
        self.pid = pid
        self.channel = channel
        self.events = events
        self.remains = remains
        self.configuration = configuration
    }

    /// For CNI plugins and setns(2); good as long as the supervisor runs.
    package nonisolated var networkNamespacePath: String { "/proc/\(pid)/ns/net" }

    /// Performs the plan up to and including execve(2).
    /// - Throws: `stepFailed` with the step that failed; nothing is left behind then. `unresponsive` when nobody knows: a new
    ///   connection tells whether it runs.
    package func start(_ plan: ContainerPlan) async throws(RuntimeError) -> ContainerRecord {
        guard plan.id.utf8.count == Int(BERTH_ID_SIZE) else { throw .unsuitablePlan(reason: "id '\(plan.id)' has not \(BERTH_ID_SIZE) characters") }
        guard !plan.root.layers.isEmpty else { throw .unsuitablePlan(reason: "container \(plan.name) has no image layers") }
        guard plan.root.scratch.utf8.count < 256 else { throw .unsuitablePlan(reason: "scratch directory \(plan.root.scratch) has a path of over 255 bytes") }
        if let runtime = self.plan.runtime, plan.process.document == nil {
            throw .unsuitablePlan(reason: "container \(plan.name) has no bundle for \(runtime.handler)")
        }
        guard !plan.process.arguments.isEmpty else { throw .unsuitablePlan(reason: "container \(plan.name) has no command") }
        let file = try memoryFile(plan.encoded(), name: "container plan")
        let replies = try await channel.exchange(
            berth_request(BERTH_START, container: plan.id), descriptors: [file.descriptor.rawValue], within: configuration.longPatience)
        guard let reply = replies.last else { throw .sandboxLost(pod: pod.uid) }
        if reply.kind == BERTH_FAILED {
            // Without the flag the directory was there before, and is not ours to remove.
            if Int(reply.message.flags) & BERTH_HAS_SCRATCH != 0 { try await SandboxRemains.removeScratch(plan.root.scratch) }
            throw reply.failure
        }
        return reply.record
    }

    /// Running and ended containers that have not been removed, oldest first.
    package func containers() async throws(RuntimeError) -> [ContainerRecord] {
        try await channel.call(berth_request(BERTH_LIST), within: configuration.patience).dropLast().map(\.record)
    }

    /// Sends `signal` to the container's first process, or to all of them. No error when it has ended.
    package func signal(_ id: String, _ signal: CInt, wholeCgroup: Bool = false) async throws(RuntimeError) {
        try await channel.call(
            berth_request(BERTH_SIGNAL, container: id, value: UInt64(signal), flags: wholeCgroup ? BERTH_WHOLE_CGROUP : 0),
            within: configuration.patience)
    }

    /// Runs a command in the container's namespaces and cgroup.
    /// - Parameters:
    ///   - stdin: whether the command gets a pipe to read from in place of `/dev/null`; a TTY is always both ways.
    ///   - limit: how long its start may take. A command that starts later is killed.
    package func exec(_ id: String, _ plan: ProcessPlan, stdin: Bool = false, within limit: Duration? = nil) async throws(RuntimeError) -> ExecSession {
        let limit = limit.map { min($0, configuration.longPatience) } ?? configuration.longPatience
        guard !plan.arguments.isEmpty else { throw .unsuitablePlan(reason: "the command is empty") }
        var plan = plan
        if self.plan.runtime != nil { plan.document = ociProcess(plan).description }
        let file = try memoryFile(plan.encoded(), name: "process plan")
        let end = ExecEnd()
        let (channel, patience) = (channel, configuration.patience)
        func session(_ replies: [ControlReply], stdin: CInt?, stdout: CInt?, stderr: CInt?) throws(RuntimeError) -> ExecSession {
            guard let reply = replies.last else { throw .sandboxLost(pod: pod.uid) }
            let tag = reply.message.tag
            return ExecSession(
                stdin: stdin, stdout: stdout, stderr: stderr, terminal: reply.descriptors.first, pid: reply.message.pid, end: end
            ) { (signal: CInt) async throws(RuntimeError) in
                var request = berth_request(BERTH_EXEC_SIGNAL, container: id, value: tag)
                request.flags = UInt32(signal)
                try await channel.call(request, within: patience)
            }
        }
        let request = berth_request(BERTH_EXEC, container: id)
        if plan.tty {
            let replies = try await channel.call(request, descriptors: [file.descriptor.rawValue], exec: end, within: limit)
            return try session(replies, stdin: nil, stdout: nil, stderr: nil)
        }
        let input = try pipe()
        let output = try pipe()
        let error = try pipe()
        let replies = try await channel.call(
            request,
            descriptors: [file.descriptor.rawValue, input.readEnd.rawValue, output.writeEnd.rawValue, error.writeEnd.rawValue],
            exec: end, within: limit)
        let (inputEnds, outputEnds, errorEnds) = (input.release(), output.release(), error.release())
        for theirs in [inputEnds.readEnd, outputEnds.writeEnd, errorEnds.writeEnd] { _ = OwnedFileDescriptor(adopting: theirs) }
        // Not asked for: an end of file at once.
        if !stdin { _ = OwnedFileDescriptor(adopting: inputEnds.writeEnd) }
        return try session(replies, stdin: stdin ? inputEnds.writeEnd : nil, stdout: outputEnds.readEnd, stderr: errorEnds.readEnd)
    }

    /// Copies of the container's output from now on, and its stdin when it keeps one. A client that falls a pipe's
    /// length behind holds the container up until it reads.
    package func attach(_ id: String) async throws(RuntimeError) -> AttachSession {
        let output = try pipe()
        let error = try pipe()
        let replies = try await channel.call(
            berth_request(BERTH_ATTACH, container: id), descriptors: [output.writeEnd.rawValue, error.writeEnd.rawValue],
            within: configuration.longPatience)
        guard let reply = replies.last else { throw .sandboxLost(pod: pod.uid) }
        let (outputEnds, errorEnds) = (output.release(), error.release())
        for theirs in [outputEnds.writeEnd, errorEnds.writeEnd] { _ = OwnedFileDescriptor(adopting: theirs) }
        let isTerminal = Int(reply.message.flags) & BERTH_IS_TERMINAL != 0
        if isTerminal { _ = OwnedFileDescriptor(adopting: errorEnds.readEnd) }
        return AttachSession(
            stdin: isTerminal ? nil : reply.descriptors.first, stdout: outputEnds.readEnd, stderr: isTerminal ? nil : errorEnds.readEnd,
            terminal: isTerminal ? reply.descriptors.first : nil)
    }

    /// Sets the size of the container's own TTY. Characters.
    package func resizeTTY(_ id: String, rows: UInt16, columns: UInt16) async throws(RuntimeError) {
        try await channel.call(berth_request(BERTH_RESIZE, container: id, value: UInt64(rows) << 16 | UInt64(columns)), within: configuration.patience)
    }

    /// A TCP socket to `port` on the pod's loopback address, IPv4 or else IPv6. Non-blocking; the caller closes it.
    package func connect(port: UInt16) async throws(RuntimeError) -> CInt {
        let replies = try await channel.call(berth_request(BERTH_CONNECT, value: UInt64(port)), within: configuration.longPatience)
        guard let socket = replies.last?.descriptors.first else { throw .sandboxLost(pod: pod.uid) }
        return socket
    }

    /// Changes limits of the pod or of its containers, in order.
    package nonisolated func update(_ writes: [CgroupWrite]) throws(RuntimeError) {
        for write in writes {
            do throws(SystemCallError) {
                try ControlFile.write(write.value.utf8, to: write.file)
            } catch {
                if !write.isOptional { throw .systemCall(error) }
            }
        }
    }

    /// Forgets an ended container, its cgroup and its writable layer.
    /// - Throws: `stepFailed` with `EBUSY` while it runs.
    package func remove(_ id: String) async throws(RuntimeError) {
        let replies = try await channel.call(berth_request(BERTH_REMOVE, container: id), within: configuration.longPatience)
        guard let scratch = replies.last?.subject, !scratch.isEmpty else { return }
        try await SandboxRemains.removeScratch(scratch)
    }

    /// Kills what still runs, ends the supervisor, and removes its containers, the pod's cgroup and its directory under /run.
    /// A supervisor that does not answer is killed with the rest.
    package func shutDown() async throws(RuntimeError) {
        var containers: ArraySlice<ControlReply> = []
        var isSilent = false
        do throws(RuntimeError) {
            containers = try await channel.call(berth_request(BERTH_SHUTDOWN), within: configuration.patience).dropLast()
        } catch {
            isSilent = error.isSilence
            // Its end is what was asked for, also when it came before the answer.
            guard isSilent || error.meansLost else { throw error }
        }
        channel.close()
        try await remains.remove(after: isSilent ? nil : pid, scratches: containers.map(\.subject))
    }

    private func memoryFile(_ bytes: [UInt8], name: String) throws(RuntimeError) -> MemoryFile {
        do throws(SystemCallError) { return try MemoryFile(bytes, name: name) } catch { throw .systemCall(error) }
    }

    private func pipe() throws(RuntimeError) -> DescriptorPipe {
        do throws(SystemCallError) { return try DescriptorPipe() } catch { throw .systemCall(error) }
    }
}
