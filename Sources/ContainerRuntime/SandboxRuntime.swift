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
    }

    package struct LostSandbox: Hashable, Sendable {
        package let pod: PodIdentity
        /// Of the containers that ended before their supervisor did.
        package let exits: [ContainerExit]
    }

    /// Reconnects to every live supervisor, and clears away what dead ones have left.
    package func recover() async -> Recovery {
        var recovery = Recovery(sandboxes: [], lost: [])
        for uid in directoryNames(configuration.podsDirectory) {
            let directory = configuration.podDirectory(uid)
            let plan: SandboxPlan
            do {
                plan = try SandboxPlan(decoding: try SmallFile.bytes("\(directory)/\(PodDirectory.plan)"))
            } catch {
                logger.warning("unreadable sandbox plan", metadata: ["pod.uid": "\(uid)", "error": "\(error)"])
                continue
            }
            let remains = SandboxRemains(plan: plan, directory: directory)
            do throws(RuntimeError) {
                recovery.sandboxes.append(try await reconnect(plan, remains: remains))
            } catch {
                logger.warning("sandbox lost", metadata: ["pod.uid": "\(uid)", "error": "\(error)"])
                recovery.lost.append(LostSandbox(pod: plan.pod, exits: remains.savedExits()))
                await clear(remains)
            }
        }
        return recovery
    }

    /// Makes the pod's namespaces and cgroup and starts its supervisor.
    package func createSandbox(_ plan: SandboxPlan) async throws(RuntimeError) -> Sandbox {
        let directory = configuration.podDirectory(plan.pod.uid)
        let remains = SandboxRemains(plan: plan, directory: directory)
        let (events, continuation) = AsyncStream.makeStream(of: SandboxEvent.self)
        let channel: ControlChannel
        let starter: pid_t
        do throws(SystemCallError) {
            if mkdir(directory, 0o700) == -1 {
                let code = errno
                guard code == EEXIST else { throw SystemCallError(call: "mkdir", subject: directory, code: code) }
                if (try? MessageSocket(connectingTo: "\(directory)/\(PodDirectory.socket)")) != nil {
                    throw SystemCallError(call: "mkdir", subject: directory, code: EEXIST)
                }
            }
            let path = "\(directory)/\(PodDirectory.plan)"
            try ControlFile.write(plan.encoded(), to: path, flags: O_CREAT | O_TRUNC)
            let file = try OwnedFileDescriptor(opening: path, flags: O_RDONLY)
            let pair = try MessageSocket.Pair()
            let (ours, theirs) = pair.release()
            let end = OwnedFileDescriptor(adopting: theirs)
            channel = ControlChannel(
                MessageSocket(adopting: OwnedFileDescriptor(adopting: ours)), pod: plan.pod.uid, reactor: reactor, events: continuation)
            starter = try launchDetached(
                "/proc/\(getpid())/fd/\(supervisor.rawValue)",
                arguments: ["berth-pod", directory, "\(plan.pod.namespace)/\(plan.pod.name)"],
                descriptors: [end.rawValue, file.rawValue])
        } catch {
            throw error.code == EEXIST ? .sandboxExists(pod: plan.pod.uid) : .systemCall(error)
        }
        do throws(RuntimeError) {
            let ready = try await channel.ready()
            reap(starter)
            return Sandbox(
                plan: plan, pid: ready.message.pid, channel: channel, events: events, remains: remains)
        } catch {
            channel.close()
            reap(starter)
            await clear(remains)
            throw error
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
    /// - Throws: when the supervisor is gone, and not only the connection.
    package func reconnect(_ lost: Sandbox) async throws(RuntimeError) -> Sandbox {
        try await reconnect(lost.plan, remains: SandboxRemains(plan: lost.plan, directory: configuration.podDirectory(lost.pod.uid)))
    }

    private func reconnect(_ plan: SandboxPlan, remains: SandboxRemains) async throws(RuntimeError) -> Sandbox {
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
        for reply in try await channel.call(berth_request(BERTH_LIST)).dropLast() {
            if let exit = reply.record.exit { continuation.yield(.exited(exit)) }
        }
        return Sandbox(plan: plan, pid: pid, channel: channel, events: events, remains: remains)
    }

    private func clear(_ remains: SandboxRemains) async {
        do throws(RuntimeError) {
            try await remains.remove(after: nil)
        } catch {
            logger.error("remains of a sandbox stay behind", metadata: ["pod.uid": "\(remains.plan.pod.uid)", "error": "\(error)"])
        }
    }

    /// The process we start only makes the namespaces, forks the supervisor and ends.
    private func reap(_ starter: pid_t) {
        do throws(SystemCallError) {
            try waitForChild(starter)
        } catch {
            logger.debug("starter already reaped", metadata: ["error": "\(error)"])
        }
    }
}
