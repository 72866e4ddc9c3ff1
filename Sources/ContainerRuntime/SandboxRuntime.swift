import CSandboxPlan
import Glibc
import LinuxSystem
package import Logging
package import SandboxPlan

/// Starts supervisors, and finds those that an earlier `berthd` started.
package actor SandboxRuntime {
    private let configuration: RuntimeConfiguration
    private let logger: Logger
    private let reactor: ControlReactor
    private let supervisor: OwnedFileDescriptor
    /// Nil before the first pod.
    private var seed: SupervisorSeed?

    /// - Throws: when the supervisor program is missing, or the process has run out of descriptors or threads.
    package init(configuration: RuntimeConfiguration, logger: Logger) throws(RuntimeError) {
        self.configuration = configuration
        self.logger = logger
        do throws(SystemCallError) {
            reactor = try ControlReactor()
            supervisor = try openReadOnlyCopy(of: configuration.supervisor)
            try DirectoryTree.make(configuration.podsDirectory, mode: 0o700)
        } catch {
            throw .systemCall(error)
        }
    }

    /// What `recover` found.
    package struct Recovery: Sendable {
        /// Supervisors that are alive, connected again. What ended meanwhile is in `containers()` and comes as events.
        package var sandboxes: [Sandbox]
        /// Pods whose supervisor has ended unasked. Their processes, cgroups and mounts have been removed.
        package var lost: [LostSandbox]
        /// Uids of pods whose plan nobody can read. Whatever they have is left as it is.
        package var unreadable: [String] = []
    }

    package struct LostSandbox: Hashable, Sendable {
        package let pod: PodIdentity
        /// Of the containers that ended before their supervisor did.
        package let exits: [ContainerExit]
    }

    /// Reconnects to every live supervisor, and clears away what dead ones have left.
    ///
    /// - Parameter rebuilding: the plan of a pod, by its uid, made anew from what else is known of it; nil when nothing is. Asked
    ///   where the plan written down cannot be read, which is then kept beside the new one.
    package func recover(rebuilding: @escaping @Sendable (String) async -> SandboxPlan? = { _ in nil }) async -> Recovery {
        var recovery = Recovery(sandboxes: [], lost: [])
        let uids = directoryNames(configuration.podsDirectory)
        await withTaskGroup(of: Found.self) { group in
            for uid in uids { group.addTask { await self.recover(uid, rebuilding: rebuilding) } }
            for await found in group {
                switch found {
                case .living(let sandbox): recovery.sandboxes.append(sandbox)
                case .lost(let lost): recovery.lost.append(lost)
                case .unreadable(let uid): recovery.unreadable.append(uid)
                }
            }
        }
        return recovery
    }

    private enum Found: Sendable { case living(Sandbox), lost(LostSandbox), unreadable(String) }

    private func recover(_ uid: String, rebuilding: @Sendable (String) async -> SandboxPlan?) async -> Found {
        let directory = configuration.podDirectory(uid)
        var known = readPlan(of: uid, in: directory)
        if known == nil { known = replacement(of: await rebuilding(uid), in: directory) }
        guard let plan = known else { return .unreadable(uid) }
        let remains = SandboxRemains(plan: plan, directory: directory)
        do throws(RuntimeError) {
            return .living(try await reconnect(plan, remains: remains))
        } catch {
            logger.warning("sandbox lost", metadata: ["pod.uid": "\(uid)", "error": "\(error)"])
            let lost = LostSandbox(pod: plan.pod, exits: remains.savedExits())
            await clear(remains)
            return .lost(lost)
        }
    }

    /// Puts the plan in the place of one that cannot be read, which is kept.
    private func replacement(of plan: SandboxPlan?, in directory: String) -> SandboxPlan? {
        guard let plan else { return nil }
        let path = "\(directory)/\(PodDirectory.plan)"
        do throws(SystemCallError) {
            rename(path, "\(path).unreadable")  // not there at all is as good
            try ControlFile.write(plan.encoded(), to: path, flags: O_CREAT | O_TRUNC)
        } catch {
            logger.error("sandbox plan not written", metadata: ["file": "\(path)", "error": "\(error)"])  // it serves all the same
        }
        return plan
    }

    /// - Returns: nil when it cannot be read.
    private func readPlan(of uid: String, in directory: String) -> SandboxPlan? {
        let path = "\(directory)/\(PodDirectory.plan)"
        do {
            return try SandboxPlan(decoding: try SmallFile.bytes(path))
        } catch {
            logger.error("unreadable sandbox plan", metadata: ["pod.uid": "\(uid)", "file": "\(path)", "error": "\(error)"])
            return nil
        }
    }

    /// Makes the pod's namespaces and cgroup and starts its supervisor. What an earlier one has left is removed first: no
    /// container runs in two sandboxes at once.
    /// - Throws: `sandboxExists` while an earlier one lives.
    package func createSandbox(_ plan: SandboxPlan) async throws(RuntimeError) -> Sandbox {
        let directory = configuration.podDirectory(plan.pod.uid)
        // Whatever keeps it from connecting, no supervisor answers there.
        if (try? MessageSocket(connectingTo: "\(directory)/\(PodDirectory.socket)")) != nil { throw .sandboxExists(pod: plan.pod.uid) }
        try await removeRemains(ofPod: plan.pod.uid, planned: plan)
        let remains = SandboxRemains(plan: plan, directory: directory)
        let (events, continuation) = AsyncStream.makeStream(of: SandboxEvent.self)
        let channel: ControlChannel
        do throws(SystemCallError) {
            try systemCall("mkdir", on: directory) { mkdir(directory, 0o700) }
            let path = "\(directory)/\(PodDirectory.plan)"
            try ControlFile.write(plan.encoded(), to: path, flags: O_CREAT | O_TRUNC)
            FaultPoint.pass("sandbox plan")
            let file = try OwnedFileDescriptor(opening: path, flags: O_RDONLY)
            let pair = try MessageSocket.Pair()
            let (ours, theirs) = pair.release()
            let end = OwnedFileDescriptor(adopting: theirs)
            channel = ControlChannel(
                MessageSocket(adopting: OwnedFileDescriptor(adopting: ours)), pod: plan.pod.uid, reactor: reactor, events: continuation)
            try await startSupervisor(
                ["berth-pod", directory, "\(plan.pod.namespace)/\(plan.pod.name)"], descriptors: [end.rawValue, file.rawValue])
            FaultPoint.pass("start of berth-pod")
        } catch {
            throw .systemCall(error)
        }
        do throws(RuntimeError) {
            let ready = try await channel.ready(within: configuration.longPatience)
            return Sandbox(
                plan: plan, pid: ready.message.pid, channel: channel, events: events, remains: remains, configuration: configuration)
        } catch {
            channel.close()
            // What it may still start is not to come upon a later sandbox of the pod.
            if error.isSilence { seed = nil }
            await clear(remains)
            throw error
        }
    }

    /// By the seed, which is replaced when somebody has killed it.
    private func startSupervisor(_ commandLine: [String], descriptors: [CInt]) async throws(SystemCallError) {
        var isNew = false
        while true {
            let seed: SupervisorSeed
            if let known = self.seed {
                seed = known
            } else {
                // A name has 253 characters at most, a namespace 63.
                seed = try SupervisorSeed(program: supervisor.rawValue, room: configuration.podDirectory("").utf8.count + 640)
                self.seed = seed
                isNew = true
            }
            do throws(SystemCallError) {
                return try seed.start(commandLine, descriptors: descriptors)
            } catch {
                switch error.code {
                case EPIPE where !isNew, ECONNRESET where !isNew:
                    if self.seed === seed { self.seed = nil }
                // It starts one pod after the other, and its queue is full.
                case EAGAIN:
                    // Nobody waits for it any more.
                    do { try await Task.sleep(for: .milliseconds(1)) } catch { throw SystemCallError(call: "fork", subject: "berth-pod", code: ECANCELED) }
                default: throw error
                }
            }
        }
    }

    private func directoryNames(_ path: String) -> [String] {
        do throws(SystemCallError) {
            return try SandboxRemains.names(in: path)
        } catch {
            logger.error("cannot look for sandboxes", metadata: ["error": "\(error)"])
            return []
        }
    }

    /// A new connection to the supervisor of a sandbox that was reported as lost.
    /// - Throws: when the supervisor is gone, and not only the connection. Its containers, which outlive it, are then ended.
    package func reconnect(_ lost: Sandbox) async throws(RuntimeError) -> Sandbox {
        let remains = SandboxRemains(plan: lost.plan, directory: configuration.podDirectory(lost.pod.uid))
        do throws(RuntimeError) {
            return try await reconnect(lost.plan, remains: remains)
        } catch {
            // A daemon that stops leaves everything as it is.
            if !Task.isCancelled { await clear(remains) }
            throw error
        }
    }

    /// Ends what a supervisor that is gone has left of the pod, and removes it. Nothing being there is fine.
    ///
    /// - Parameter planned: the pod's plan, should the one it was made by be unreadable; nil when there is none.
    package func removeRemains(ofPod uid: String, planned: SandboxPlan?) async throws(RuntimeError) {
        let directory = configuration.podDirectory(uid)
        guard access(directory, F_OK) == 0 else { return }
        guard let plan = readPlan(of: uid, in: directory) ?? planned else {
            throw .unsuitablePlan(reason: "that of pod \(uid) cannot be read from \(directory)")
        }
        try await SandboxRemains(plan: plan, directory: directory).remove(after: nil)
    }

    /// Asks again while the supervisor is there: it may be busy, or only just have been started. One that stays silent counts as
    /// gone, and is made so.
    private func reconnect(_ plan: SandboxPlan, remains: SandboxRemains) async throws(RuntimeError) -> Sandbox {
        let deadline = ContinuousClock.now + configuration.patience
        while true {
            do throws(RuntimeError) {
                return try await connect(plan, remains: remains, until: deadline)
            } catch {
                guard remains.hasSupervisor, ContinuousClock.now < deadline else { throw error }
                logger.debug("supervisor does not answer", metadata: ["pod.uid": "\(plan.pod.uid)", "error": "\(error)"])
            }
            // Between two questions. A daemon that is to stop asks without a pause: what it gives up on, it would kill.
            try? await Task.sleep(for: .milliseconds(20))
        }
    }

    private func connect(_ plan: SandboxPlan, remains: SandboxRemains, until deadline: ContinuousClock.Instant) async throws(RuntimeError) -> Sandbox {
        let (events, continuation) = AsyncStream.makeStream(of: SandboxEvent.self)
        let channel: ControlChannel
        let pid: pid_t
        do throws(SystemCallError) {
            let socket = try MessageSocket(connectingTo: "\(remains.directory)/\(PodDirectory.socket)")
            pid = socket.peer
            channel = ControlChannel(socket, pod: plan.pod.uid, reactor: reactor, events: continuation)
        } catch {
            throw .systemCall(error)
        }
        try channel.open()
        // From here on the supervisor sends events; what ended before is in the list.
        for reply in try await channel.call(berth_request(BERTH_LIST), within: deadline - .now).dropLast() {
            if let exit = reply.record.exit { continuation.yield(.exited(exit)) }
        }
        return Sandbox(plan: plan, pid: pid, channel: channel, events: events, remains: remains, configuration: configuration)
    }

    private func clear(_ remains: SandboxRemains) async {
        do throws(RuntimeError) {
            try await remains.remove(after: nil)
        } catch {
            logger.error("remains of a sandbox stay behind", metadata: ["pod.uid": "\(remains.plan.pod.uid)", "error": "\(error)"])
        }
    }
}
