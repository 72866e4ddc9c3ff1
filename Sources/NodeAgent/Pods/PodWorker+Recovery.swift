import SandboxPlan
import Logging
import ContainerRuntime
import FoundationEssentials
import Glibc
import Images
import KubeAPI
import PodPlanning

/// Taking a pod up again after the daemon was away.
extension PodWorker {
    /// Compares what the ledger remembers with what is there.
    ///
    /// - Parameters:
    ///   - living: the pod's supervisor, when it outlived the daemon; nil after a reboot or a crash of it.
    ///   - exits: of the containers that ended before a supervisor that is gone.
    func resume(_ living: Sandbox?, exits: [ContainerExit]) async {
        mayHoldNetwork = !pod.spec.hostNetwork
        storedRowVersion = rowVersion
        guard let living else {
            let wasUp = memory.record.sandbox.isReady || memory.record.containers.values.contains(where: \.isRunning)
            if wasUp {
                for exit in exits { noteEnd(exit) }
                memory.record.sandboxLost(at: Date())
                await persist()
            }
            return await followObjects()
        }
        await reconcile(with: living)
        do {
            volumes = try await node.volumes.remembered(podUID: identity.uid)
        } catch {
            logger.error("volumes not remembered", metadata: ["error": "\(error)"])
        }
        if pod.hasTokens { renewVolumesAt = Date().addingTimeInterval(1) }
        await followObjects()
    }

    /// Takes over a supervisor that the ledger has lost: what runs in it goes on.
    func claim(_ living: Sandbox) async {
        for record in await containers(of: living) ?? [] where memory.record[container: record.name].isOlder(than: record) {
            let status = pod.status.containerStatuses.first { $0.name == record.name }
            memory.record.adopt(record, image: container(record.name)?.image ?? "", imageID: status?.imageID ?? "")
        }
        memory.record.sandboxReady(attempt: 0, podIPs: pod.status.podIPs.map(\.ip))
        mayHoldNetwork = !pod.spec.hostNetwork
        // Brought up to date and written down again, so that they can be taken away one day.
        renewVolumesAt = Date()
        await reconcile(with: living)
    }

    /// The connection to the supervisor has ended. While the supervisor itself goes on, so does the pod.
    func reconnect(_ lost: Sandbox) async {
        guard sandbox === lost else { return }
        // One that hangs up again and again is asked again at leisure. Ends early only when the daemon stops.
        let pause = Date().timeIntervalSince(connectedAt) < 1 ? Duration.seconds(1) : .zero
        try? await Task.sleep(for: pause)
        if Task.isCancelled { return }
        do throws(RuntimeError) {
            let living = try await node.runtime.reconnect(lost)
            logger.notice("supervisor connected again")
            await reconcile(with: living)
        } catch {
            if Task.isCancelled { return }
            await sandboxLost(cause: error)
        }
    }

    /// Ids of the containers whose end is still to come, or to be told by the supervisor.
    func containersInSandbox() -> Set<String> {
        guard sandbox != nil else { return [] }
        return Set(memory.record.containers.values.compactMap { $0.current?.id })
    }

    private func reconcile(with living: Sandbox) async {
        guard let present = await containers(of: living) else {
            // Nobody knows what runs in it: until it has been asked again, everything counts as it was.
            adopt(living)
            return disconnected(from: living)
        }
        // A container that the ledger had not yet heard of when the daemon died. Its start was intended, so it counts, also when
        // it has ended since.
        for record in present where memory.record.name(ofRun: record.id) == nil {
            if memory.record[container: record.name].nextAttempt == record.attempt, let container = container(record.name) {
                let image = await node.images.stored(container.image)
                memory.record.adopt(record, image: container.image, imageID: image?.id ?? "", digest: image?.pinned(as: container.image))
            } else {
                await remove(record, from: living)
            }
        }
        // Only now, for what it tells is about these.
        adopt(living)
        let ids = Set(present.map(\.id))
        for (name, progress) in memory.record.containers where progress.isRunning {
            guard let id = progress.current?.id else { continue }
            if !ids.contains(id) {
                memory.record[container: name].ended(
                    ContainerEnd(exitCode: 255, reason: "ContainerStatusUnknown", message: "The container could not be located", finishedAt: Date()))
                continue
            }
            if progress.current?.resources == nil { memory.record[container: name].current?.resources = container(name)?.resources }
            if let container = container(name), !progress.isStarted, container.startupProbe == nil {
                noteHookDone(container)
            }
        }
        await persist()
    }

    /// - Returns: nil when it does not say.
    private func containers(of living: Sandbox) async -> [ContainerRecord]? {
        do throws(RuntimeError) {
            return try await living.containers()
        } catch {
            logger.error("containers not listed", metadata: ["error": "\(error)"])
            return nil
        }
    }

    private func remove(_ record: ContainerRecord, from living: Sandbox) async {
        logger.notice("removing a container that is no longer wanted", metadata: ["container.name": "\(record.name)", "container.id": "\(record.id)"])
        do throws(RuntimeError) {
            if record.exit == nil { try await living.signal(record.id, SIGKILL, wholeCgroup: true) }
            try await living.remove(record.id)
        } catch {
            logger.warning("container not removed", metadata: ["container.id": "\(record.id)", "error": "\(error)"])
        }
    }
}

extension PodRecord {
    mutating func adopt(_ found: ContainerRecord, image: String, imageID: String, digest: String? = nil) {
        var run = ContainerRun(
            id: found.id, attempt: found.attempt, sandboxAttempt: sandbox.attempt, image: image, imageID: imageID,
            startedAt: Date(found.startedAt))
        run.round = round
        run.imageDigest = digest
        var progress = self[container: found.name]
        progress.started(run)
        progress.restartCount = max(progress.restartCount, found.attempt)
        self[container: found.name] = progress
    }
}

extension ContainerProgress {
    func isOlder(than found: ContainerRecord) -> Bool { current.map { $0.id != found.id && $0.attempt < found.attempt } ?? true }
}

extension Date {
    init(_ time: WallTime) { self.init(timeIntervalSince1970: time.seconds) }
}

extension Pod {
    var hasTokens: Bool { spec.volumes.contains { $0.projected?.sources.contains { $0.serviceAccountToken != nil } ?? false } }
}
