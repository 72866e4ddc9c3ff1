import Logging
import ContainerRuntime
import FoundationEssentials
import Glibc
import Images
import KubeAPI
import Ledger
import LinuxSystem
import OCISpec
import PodPlanning
import SandboxPlan
import Volumes

/// Starting containers, and taking note of their ends.
extension PodWorker {
    func container(_ name: String) -> Container? { granted.spec.container(name) }

    /// Image, plan, start. What holds it back becomes the container's waiting reason.
    func start(_ name: String) async {
        guard let container = container(name), let sandbox else { return }
        guard let image = await image(for: container) else {
            await persist()
            return
        }
        if Task.isCancelled { return }
        let progress = memory.record[container: name]
        let plan: ContainerPlan
        do {
            try await ensureVolumes()
            var facts = node.facts
            if container.securityContext.privileged { facts.hostDevices = try await Self.hostDevices() }
            plan = try containerPlan(
                for: container, in: granted, attempt: progress.nextAttempt, id: Self.newContainerID(), image: ResolvedImage(image),
                volumes: volumes, objects: await referencedObjects(of: container), podIPs: memory.record.podIPs,
                userMapping: sandbox.plan.namespaces.user, categories: await categories(), runtime: sandbox.plan.runtime,
                processTarget: try processTarget(of: container, in: pod, record: memory.record), seccomp: node.seccomp, on: facts)
            try await makeSubPaths(of: plan)
            try prepareFiles(for: container, plan)
            try await settleLabels(of: plan)
        } catch {
            return await hold(name, error)
        }
        if Task.isCancelled { return }
        starting.updateValue(nil, forKey: plan.id)
        do {
            let run = try await launch(plan, image: image, container: container, in: sandbox)
            if let previous = run {
                await discard(previous)
                removeOldLogs(of: name, before: previous.attempt)
            }
            node.events.record(.normal, "Started", "Started container \(name)", about: pod, container: name)
        } catch RuntimeError.sandboxLost {
            // No fault of the container's: the event that comes with this says what becomes of the pod.
            logger.warning("supervisor did not answer", metadata: ["container.name": "\(name)"])
        } catch let error as RuntimeError where error.isSilence {
            // It may have started, or be about to: whoever connects anew is told.
            logger.warning("container start not answered", metadata: ["container.name": "\(name)", "error": "\(error)"])
            disconnected(from: sandbox)
        } catch let error as RuntimeError {
            await startFailed(plan, image: image, error)
        } catch {
            await hold(name, error)
        }
        if let early = starting.removeValue(forKey: plan.id) ?? nil { await containerExited(early, in: sandbox) }
        if memory.record[container: name].isRunning { await runPostStart(of: container) }
    }

    /// Devices come and go, so they are looked for at each start.
    private static func hostDevices() async throws(SystemCallError) -> [DevicePlan] {
        try await onDedicatedThread { () throws(SystemCallError) in
            try DeviceNode.list(beneath: "/dev").map {
                DevicePlan(path: $0.path, type: $0.isBlock ? .block : .character, major: $0.major, minor: $0.minor, mode: UInt32($0.mode))
            }
        }
    }

    /// - Returns: the run before, whose remains can go: nil also when it is not written down yet that there is another.
    private func launch(_ plan: ContainerPlan, image: StoredImage, container: Container, in sandbox: Sandbox) async throws -> ContainerRun? {
        let uid = identity.uid
        let use = ImageUseEntry(imageID: image.id, name: container.image, lastUsedAt: Date())
        let previous = memory.record[container: plan.name].current
        node.events.record(.normal, "Created", "Created container: \(plan.name)", about: pod, container: plan.name)
        let intent = try await node.ledger.begin(Intent(.startContainer, subject: plan.id, detail: uid))
        let started = try await node.ledger.perform(intent) { try await sandbox.start(plan) }
        noteStart(started, plan: plan, image: image, container: container)
        unwritten[intent] = { try $0.save(use) }
        return await persist() ? previous : nil
    }

    private func noteStart(_ started: ContainerRecord, plan: ContainerPlan, image: StoredImage, container: Container) {
        var run = ContainerRun(
            id: plan.id, attempt: plan.attempt, sandboxAttempt: memory.record.sandbox.attempt, image: container.image,
            imageID: image.id, startedAt: Date(started.startedAt))
        run.user = LinuxContainerUser(uid: Int(plan.process.uid), gid: Int(plan.process.gid), supplementalGroups: plan.process.groups.map(Int.init))
        run.round = memory.record.round
        run.resources = container.resources
        run.imageDigest = image.pinned(as: container.image)
        run.stopSignal = image.config.config?.stopSignal
        memory.record[container: plan.name].started(run)
        stops[plan.name] = nil
        plans[plan.name] = plan
        if container.lifecycle?.postStart == nil { noteHookDone(container) }
        resizeRetryAt = nil
    }

    /// Without a startup probe the container counts as started, and without a readiness probe as ready.
    func noteHookDone(_ container: Container) {
        guard container.startupProbe == nil else { return }
        memory.record[container: container.name].isStarted = true
        if container.readinessProbe == nil { memory.record[container: container.name].passesReadiness = true }
    }

    private func startFailed(_ plan: ContainerPlan, image: StoredImage, _ error: RuntimeError) async {
        var run = ContainerRun(
            id: plan.id, attempt: plan.attempt, sandboxAttempt: memory.record.sandbox.attempt, image: container(plan.name)?.image ?? "",
            imageID: image.id, startedAt: Date())
        run.round = memory.record.round
        memory.record[container: plan.name].started(run)
        memory.record[container: plan.name].ended(
            ContainerEnd(exitCode: 128, reason: "StartError", message: "failed to start container: \(error)", finishedAt: Date()))
        node.events.record(.warning, "Failed", "Error: failed to start container \"\(plan.name)\": \(error)", about: pod, container: plan.name)
        logger.warning("container not started", metadata: ["container.name": "\(plan.name)", "error": "\(error)"])
        await persist()
    }

    /// The start waits for something that may change.
    private func hold(_ name: String, _ error: any Error) async {
        let reason = (error as? PlanningError)?.reason ?? "CreateContainerError"
        memory.record[container: name].held(
            ContainerStateWaiting(reason: reason, message: "\(error)"), retryAt: Date().addingTimeInterval(10))
        node.events.record(.warning, "Failed", "Error: \(error)", about: pod, container: name)
        await persist()
    }

    // MARK: Image

    /// Nil when there is none yet; the reason is recorded.
    private func image(for container: Container) async -> StoredImage? {
        let events = node.events
        let pod = pod
        pulling.insert(container.name)
        let pace = EventPace(seconds: 10)
        defer { pulling.remove(container.name) }
        let outcome = await node.images.image(
            container.image, policy: PullPolicy(of: container), logins: pullSecrets(),
            mayFallBack: memory.record[container: container.name].current != nil
        ) {
            events.record(.normal, "Pulling", "Pulling image \"\(container.image)\"", about: pod, container: container.name)
        } progress: { progress in
            guard pace.allows(Date()) else { return }
            events.record(.normal, "Pulling", "Pulling image \"\(container.image)\": \(progress.summary)", about: pod, container: container.name)
        }
        switch outcome {
        case .ready(let image, let duration):
            let message =
                duration.map { "Successfully pulled image \"\(container.image)\" in \($0.milliseconds)ms. Image size: \(image.sizeBytes) bytes." }
                ?? "Container image \"\(container.image)\" already present on machine"
            events.record(.normal, "Pulled", message, about: pod, container: container.name)
            return image
        case .held(let waiting, let retryAt):
            memory.record[container: container.name].held(waiting, retryAt: retryAt)
            let isBackOff = waiting.reason == "ImagePullBackOff"
            events.record(
                isBackOff ? .normal : .warning, isBackOff ? "BackOff" : "Failed",
                isBackOff ? waiting.message : "Failed to pull image \"\(container.image)\": \(waiting.message)", about: pod,
                container: container.name)
            return nil
        }
    }

    /// The registry logins of the pod's `imagePullSecrets`; one that cannot be read is reported and left out.
    func pullSecrets() -> DockerConfig {
        var logins = DockerConfig()
        for secret in pod.spec.imagePullSecrets.compactMap({ objects.secrets[$0.name] }) {
            do throws(ImageError) {
                if let data = secret.data[".dockerconfigjson"] {
                    logins = logins.merging(try DockerConfig(dockerConfigJSON: Array(data)))
                } else if let data = secret.data[".dockercfg"] {
                    logins = logins.merging(try DockerConfig(dockercfg: Array(data)))
                }
            } catch {
                node.events.record(.warning, "FailedToRetrieveImagePullSecret", "\(secret.metadata.name): \(error)", about: pod)
            }
        }
        return logins
    }

    func referencedObjects() async -> ReferencedObjects {
        var all = ReferencedObjects()
        all.configMaps = objects.configMaps
        all.secrets = objects.secrets
        if pod.spec.enableServiceLinks != false { all.services = await node.services.services(in: identity.namespace) }
        for name in pod.localSeccompProfiles where isBeneath(name) {
            // A missing profile is reported by the plan, with its name.
            all.seccompProfiles[name] = try? SmallFile.bytes("\(node.facts.paths.seccompProfiles)/\(name)")
        }
        return all
    }

    /// Also what only this container needs.
    func referencedObjects(of container: Container) async throws(SystemCallError) -> ReferencedObjects {
        var all = await referencedObjects()
        for selector in container.env.compactMap({ $0.valueFrom?.fileKeyRef }) {
            guard let root = volumes[selector.volumeName]?.hostPath else { continue }
            let path = selector.path
            let reference = EnvironmentFileReference(volumeName: selector.volumeName, path: path)
            all.environmentFiles[reference] = try await onDedicatedThread { () throws(SystemCallError) in try SmallFile.bytes(path, in: root) }
        }
        return all
    }

    // MARK: Files

    /// The termination log, the log directory, and the link that log collectors follow.
    private func prepareFiles(for container: Container, _ plan: ContainerPlan) throws(SystemCallError) {
        let paths = node.facts.paths
        let message = paths.terminationLog(container.name, attempt: plan.attempt, of: identity.uid)
        let file = try OwnedFileDescriptor(opening: message, flags: O_WRONLY | O_CREAT | O_TRUNC, mode: 0o666)
        try systemCall("fchmod", on: message) { fchmod(file.rawValue, 0o666) }  // whatever the umask
        try DirectoryTree.make(plan.logPath.parentDirectory)
        try DirectoryTree.make(paths.containerLogLinks)
        let link = paths.containerLogLink(container.name, id: plan.id, of: identity)
        do throws(SystemCallError) {
            try systemCall("symlink", on: link) { symlink(plan.logPath, link) }
        } catch where error.code == EEXIST {}
    }

    private func makeSubPaths(of plan: ContainerPlan) async throws(PlanningError) {
        for mount in plan.mounts {
            guard case .bind(let volume, let path, _) = mount.source, !path.isEmpty else { continue }
            do throws(VolumeError) {
                try await node.volumes.makeSubPath(path, in: volume)
            } catch {
                throw .badSubPath(path, problem: "could not be had in the volume mounted at \(mount.destination): \(error)")
            }
        }
    }

    /// What is left of an earlier run: its writable layer and its log link. Its log stays, for `kubectl logs --previous`.
    private func discard(_ run: ContainerRun) async {
        await remove(run.id, from: sandbox)
        // Gone already is as good.
        unlink(node.facts.paths.containerLogLink(run.containerName(in: memory.record), id: run.id, of: identity))
    }

    /// Logs and messages of the runs before the last but one, which nobody can ask for any more.
    private func removeOldLogs(of name: String, before attempt: Int) {
        let paths = node.facts.paths
        let places = [
            (paths.containerLog(name, attempt: attempt, of: identity).parentDirectory, ""), (paths.pod(identity.uid), paths.terminationLogPrefix(name)),
        ]
        do throws(SystemCallError) {
            for (directory, prefix) in places {
                for file in try DirectoryEntry.list(directory) where file.attempt(after: prefix).map({ $0 < attempt }) ?? false {
                    try systemCall("unlink", on: file.name) { unlink("\(directory)/\(file.name)") }
                }
            }
        } catch {
            logger.warning("old logs not removed", metadata: ["container.name": "\(name)", "error": "\(error)"])
        }
    }

    // MARK: The end

    func containerExited(_ exit: ContainerExit, in origin: Sandbox) async {
        guard sandbox === origin else { return }
        // A short run can be over before the answer to its start has been taken in.
        if starting.keys.contains(exit.id) {
            starting.updateValue(exit, forKey: exit.id)
            return
        }
        guard let name = noteEnd(exit) else { return }
        logger.info("container exited", metadata: ["container.name": "\(name)", "exit.code": "\(exit.code)"])
        interruptWork(on: name)
        // Once it is written down, berth-pod need not remember it any longer.
        if await persist() { await remove(exit.id, from: origin) }
        noteBackOff(name)
        wake()
    }

    /// Forgets an ended container in its supervisor, with its writable layer.
    private func remove(_ id: String, from origin: Sandbox?) async {
        do {
            do throws(RuntimeError) {
                try await origin?.remove(id)
            } catch {
                // Removed before, just now with its whole sandbox, or an earlier supervisor's, which was killed.
                switch error {
                case .stepFailed(_, _, ENOENT), .noSuchContainer, .sandboxLost: break
                default: throw error
                }
            }
            try removeScratch(ofRun: id)
        } catch {
            logger.warning("remains of a container stay behind", metadata: ["container.id": "\(id)", "error": "\(error)"])
        }
    }

    /// - Returns: the container's name; nil when the run is not one of this pod's latest.
    @discardableResult
    func noteEnd(_ exit: ContainerExit) -> String? {
        guard let name = memory.record.name(ofRun: exit.id) else { return nil }
        memory.record[container: name].ended(
            ContainerEnd(
                exitCode: exit.code, oomKilled: exit.oomKilled, message: terminationMessage(of: name, exit), finishedAt: Date(exit.finishedAt)))
        plans[name] = nil
        return name
    }

    private func noteBackOff(_ name: String) {
        guard !isDeleted, memory.record[container: name].backOff.delay > 0, let container = container(name),
            let code = memory.record[container: name].current?.end?.exitCode, container.restarts(after: code, in: pod.spec)
        else { return }
        node.events.record(
            .warning, "BackOff", "Back-off restarting failed container \(name) in pod \(identity.name)_\(identity.namespace)(\(identity.uid))",
            about: pod, container: name)
    }

    /// What the container left at its `terminationMessagePath`, else, if asked for, the end of its log. At most 4096 bytes.
    private func terminationMessage(of name: String, _ exit: ContainerExit) -> String {
        guard let container = container(name), let run = memory.record[container: name].current else { return "" }
        let path = node.facts.paths.terminationLog(name, attempt: run.attempt, of: identity.uid)
        // No file, no message.
        let written = (try? SmallFile.bytes(path, limit: 4096)) ?? []
        if !written.isEmpty { return String(decoding: written.prefix(4096), as: UTF8.self) }
        guard container.terminationMessagePolicy == "FallbackToLogsOnError", exit.code != 0 else { return "" }
        return LogTail.read(node.facts.paths.containerLog(name, attempt: run.attempt, of: identity), lines: 80, bytes: 2048)
    }

    /// 64 hexadecimal digits.
    private static func newContainerID() -> String {
        (0..<4).map { _ in
            let digits = String(UInt64.random(in: 0...UInt64.max), radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }
}

extension PodRecord {
    func name(ofRun id: String) -> String? { containers.first { $0.value.current?.id == id }?.key }
}

extension DirectoryEntry {
    /// Of the run that the file belongs to: behind the prefix, `3`, `3.log` and `3.log.1` are of the fourth.
    fileprivate func attempt(after prefix: String) -> Int? {
        isDirectory || !name.hasPrefix(prefix) ? nil : name.dropFirst(prefix.count).split(separator: ".").first.flatMap { Int($0) }
    }
}

extension ContainerRun {
    func containerName(in record: PodRecord) -> String {
        record.containers.first { $0.value.current?.id == id || $0.value.previous?.id == id }?.key ?? ""
    }
}

extension Pod {
    /// The `Localhost` seccomp profiles it names.
    var localSeccompProfiles: Set<String> {
        let profiles = [spec.securityContext.seccompProfile] + spec.allContainers.map(\.securityContext.seccompProfile)
        return Set(profiles.compactMap { $0?.type == "Localhost" ? $0?.localhostProfile : nil })
    }
}

extension String {
    var parentDirectory: String { lastIndex(of: "/").map { String(self[..<$0]) } ?? "." }
}

extension Duration {
    var milliseconds: Int { Int(components.seconds) * 1000 + Int(components.attoseconds / 1_000_000_000_000_000) }
}
