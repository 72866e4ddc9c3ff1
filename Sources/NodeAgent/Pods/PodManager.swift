import Logging
import ContainerRuntime
import FoundationEssentials
import KubeAPI
import KubeClient
import Ledger
import LinuxSystem
import Networking
import PodPlanning
import SandboxPlan

/// The pods of this node: finds them again after a start, follows the API server's list of them, and gives each a worker.
package actor PodManager {
    private let node: NodeServices
    private var workers: [String: PodWorker] = [:]
    /// Each ends with its worker; `stop` cancels and awaits them.
    private var runs: [String: Task<Void, Never>] = [:]
    /// Supervisors without a row in the ledger, until the first list tells whose they are.
    private var unclaimed: [String: Sandbox] = [:]
    private var hasFirstList = false
    private var appliedCgroups: [CgroupPlan] = []
    /// What the pods hold of the node.
    private var allocations = NodeAllocations()
    /// By uid, as the manifests ask for them; nil before they were read.
    private var staticPods: [String: Pod]?
    private let mirrors: MirrorKeeper

    package init(node: NodeServices) {
        self.node = node
        mirrors = MirrorKeeper(client: node.client, node: node.mirror, logger: node.logger)
    }

    // MARK: Start

    /// Takes up every pod the ledger knows, with or without a control plane: those whose supervisor lives go on, the others
    /// start again by their policy. Then clears away what nobody remembers.
    ///
    /// - Throws: `LedgerError` when the ledger cannot be read.
    package func recover() async throws {
        applyNodeCgroups()
        let ledger = node.ledger
        let leftovers = try await Leftovers(ledger: ledger, paths: node.facts.paths)
        let (entries, networks, publications) = try await ledger.read { (try $0.pods(), try $0.networks(), try $0.publications()) }
        let recovery = await node.runtime.recover { [facts = node.facts] uid in
            // Without a pod that can be read, or with one that cannot be planned here, nothing is known.
            (try? entries.first { $0.uid == uid }?.pod()).flatMap { try? sandboxPlan(for: $0, on: facts) }
        }
        let lost = Dictionary(recovery.lost.map { ($0.pod.uid, $0.exits) }, uniquingKeysWith: { first, _ in first })
        var sandboxes = Dictionary(recovery.sandboxes.map { ($0.pod.uid, $0) }, uniquingKeysWith: { first, _ in first })

        for sandbox in sandboxes.values {
            if let range = sandbox.plan.namespaces.user { await node.userRanges.keep(range, for: sandbox.pod.uid) }
        }
        await withDiscardingTaskGroup { group in
            for entry in entries {
                guard let worker = await restored(entry) else { continue }
                workers[entry.uid] = worker
                let sandbox = sandboxes.removeValue(forKey: entry.uid)
                group.addTask { await worker.resume(sandbox, exits: lost[entry.uid] ?? []) }
            }
        }
        unclaimed = sandboxes
        if recovery.unreadable.isEmpty {
            await removeScratch(of: leftovers)
        } else {
            node.logger.error(
                "pods cannot be told; no writable layer is removed, for some may be theirs",
                metadata: [
                    "pods": "\(recovery.unreadable.joined(separator: ", "))",
                    "remedy": "look into \(node.facts.paths.run)/pods; end their berth-pod and remove the directories when nobody needs them",
                ])
        }
        for entry in entries.sorted(by: { $0.admittedAt < $1.admittedAt }) {
            guard let worker = workers[entry.uid] else { continue }
            await endNamesakes(of: worker)
            launch(worker, uid: entry.uid)
        }
        applyNodeCgroups()

        // What runs counts also when the ledger was lost: its addresses are in use.
        let known = Set(entries.map(\.uid)).union(sandboxes.keys)
        await releaseForgotten(networks: networks, publications: publications, keeping: known)
        try await leftovers.closeIntents(in: ledger)
        node.logger.info(
            "recovered",
            metadata: ["pods": "\(entries.count)", "pods.running": "\(recovery.sandboxes.count)", "pods.lost": "\(recovery.lost.count)"])
    }

    private func restored(_ entry: PodEntry) async -> PodWorker? {
        do {
            let pod = try entry.pod()
            let uid = entry.uid
            var memory = try entry.record.map(PodMemory.init(stored:)) ?? PodMemory(record: PodRecord(startTime: entry.admittedAt))
            if memory.record.allocation == nil { memory.record.allocation = ResourceAllocation(of: pod.spec) }
            let published = try entry.status.map { try JSONDecoder().decode(PodStatus.self, from: $0) }
            if let range = memory.userMapping { await node.userRanges.keep(range, for: uid) }
            let objects = await remembered(of: uid, isComplete: memory.hasBeenSetUp)
            if !memory.record.isTerminal, published?.isTerminal != true { allocations.restore(pod, memory.record.allocation) }
            return worker(for: pod, isStatic: entry.source == .file, memory, objects: objects, published: published)
        } catch {
            // The pod comes back with the API server's list.
            node.logger.error("pod not restored", metadata: ["pod.uid": "\(entry.uid)", "error": "\(error)"])
            return nil
        }
    }

    private func worker(for pod: Pod, isStatic: Bool, _ memory: PodMemory, objects: ObjectSnapshot, published: PodStatus?) -> PodWorker {
        // Holds this actor, which lives as long as the daemon.
        PodWorker(pod: pod, isStatic: isStatic, memory: memory, objects: objects, published: published, node: node) { await self.ended($0) }
    }

    /// Without them (the key of the ledger is another one) the pod keeps its memory, and waits for the API server.
    private func remembered(of uid: String, isComplete: Bool) async -> ObjectSnapshot {
        do {
            return try await node.ledger.read { try ObjectSnapshot(remembered: try $0.objects(of: uid), isComplete: isComplete) }
        } catch {
            node.logger.error("objects of a pod not remembered", metadata: ["pod.uid": "\(uid)", "error": "\(error)"])
            return ObjectSnapshot(isComplete: false)
        }
    }

    /// Before the workers run: what they start now is not among it.
    private func removeScratch(of leftovers: Leftovers) async {
        var kept: Set<String> = []
        do {
            for sandbox in unclaimed.values { kept.formUnion(try await sandbox.containers().map(\.id)) }
            for worker in workers.values { kept.formUnion(await worker.containersInSandbox()) }
            try leftovers.removeScratch(keeping: kept)
        } catch {
            node.logger.error("writable layers of old containers not removed", metadata: ["error": "\(error)"])
        }
    }

    /// Rows that outlived their pod: what they describe may still be there.
    private func releaseForgotten(networks: [NetworkEntry], publications: [PublicationEntry], keeping known: Set<String>) async {
        for entry in networks where !known.contains(entry.podUID) {
            do {
                let attachment = PodAttachment(containerID: entry.podUID, networkNamespace: nil, namespace: "", name: "", uid: entry.podUID)
                try await node.network.delete(attachment, result: try JSONDecoder().decode(NetworkResult.self, from: entry.result))
                try await node.ledger.commit { try $0.removeNetwork(of: entry.podUID) }
            } catch {
                node.logger.error("forgotten network not released", metadata: ["pod.uid": "\(entry.podUID)", "error": "\(error)"])
            }
        }
        for uid in Set(publications.map(\.podUID)).subtracting(known) {
            do {
                try await node.volumes.unpublish(podUID: uid)
            } catch {
                node.logger.error("forgotten volumes not unmounted", metadata: ["pod.uid": "\(uid)", "error": "\(error)"])
            }
        }
        guard let reservations = node.reservations else { return }
        do {
            _ = try await node.network.releaseLeaked(in: reservations, keeping: known)
        } catch {
            node.logger.error("leaked addresses not released", metadata: ["error": "\(error)"])
        }
    }

    // MARK: The API server's list

    /// Follows the pods bound to this node until cancelled; their containers then stay as they are.
    package func run() async {
        let selector = ObjectSelector(field: "spec.nodeName=\(node.facts.nodeName)")
        await withDiscardingTaskGroup { group in
            group.addTask { await self.mirrors.run() }
            group.addTask {
                guard let source = self.node.staticPods else { return await self.take(staticPods: []) }
                await source.run { await self.take(staticPods: $0) }
            }
            await Informer(Pod.self, client: node.client, matching: selector).run { await self.take($0) }
        }
        await stop()
    }

    private func take(_ change: InformerChange<Pod>) async {
        switch change {
        case .replaced(let pods):
            await follow(.replaced(pods.filter(\.isMirror)))
            for pod in pods where !pod.isMirror { await upsert(pod) }
            let listed = Set(pods.map(\.metadata.uid))
            for (uid, worker) in workers where !listed.contains(uid) && !worker.isStatic { await worker.deletedUpstream() }
            hasFirstList = true
            await shutDownUnclaimed()
        case .applied(let pod): if pod.isMirror { await follow(change) } else { await upsert(pod) }
        case .deleted(let pod): if pod.isMirror { await follow(change) } else { await workers[pod.metadata.uid]?.deletedUpstream() }
        }
    }

    // MARK: Static pods

    /// What the manifests ask for now.
    private func take(staticPods pods: [Pod]) async {
        let asked = Dictionary(pods.map { ($0.metadata.uid, $0) }, uniquingKeysWith: { first, _ in first })
        staticPods = asked
        for (uid, worker) in workers where worker.isStatic && asked[uid] == nil { await worker.deletedUpstream() }
        // One that is ending is begun again by `forget`.
        for (uid, pod) in asked.sorted(by: { $0.key < $1.key }) where workers[uid] == nil { await upsert(pod, isStatic: true) }
        await showStaticPods()
        await shutDownUnclaimed()
    }

    /// The API server's mirrors of static pods.
    private func follow(_ change: InformerChange<Pod>) async {
        await mirrors.take(change)
        for worker in workers.values where worker.isStatic { await worker.mirrored(as: mirrors.uid(ofMirror: worker.pod)) }
    }

    /// A pod that is ending is shown to its end, unless its name is taken already.
    private func showStaticPods() async {
        var shown = Dictionary((staticPods ?? [:]).values.map { ($0.fullName, $0) }, uniquingKeysWith: { first, _ in first })
        for worker in workers.values where worker.isStatic {
            let pod = await worker.pod
            if shown[pod.fullName] == nil { shown[pod.fullName] = pod }
        }
        await mirrors.want(Array(shown.values))
        for worker in workers.values where worker.isStatic { await worker.mirrored(as: mirrors.uid(ofMirror: worker.pod)) }
    }

    // MARK: Pods

    private func upsert(_ pod: Pod, isStatic: Bool = false) async {
        let uid = pod.metadata.uid
        if let worker = workers[uid] {
            await worker.enqueue(pod)
            if let grant = allocations.review(pod, on: node.facts) { await worker.take(grant) }
            return await reviewResizes()
        }
        // Over already, and nothing of it is here: only the object waits to be deleted.
        var memory = PodMemory(record: PodRecord(startTime: pod.status.startTime?.date ?? Date(), recalling: pod.status))
        let isOver = pod.status.isTerminal
        memory.record.isTerminal = isOver
        memory.isCleanedUp = isOver
        let sandbox = unclaimed.removeValue(forKey: uid)
        memory.record.allocation = ResourceAllocation(of: pod.spec)
        let ranHere = !memory.record.containers.isEmpty
        // What the ledger has lost the API server may still know: runs that are over count, and those that are not are lost.
        if !isOver, sandbox == nil, ranHere { memory.record.sandboxLost(at: Date()) }
        if !isOver {
            // Who was admitted is not asked again.
            if sandbox == nil, !ranHere, pod.metadata.deletionTimestamp == nil {
                // It would start only to be ended again.
                let shutdown = node.pressure.isShuttingDown ? PodFailure(reason: "NodeShutdown", message: "Pod was rejected as the node is shutting down.") : nil
                memory.record.failure = shutdown ?? pressureFailure(of: pod, under: node.pressure.current) ?? allocations.admit(pod, taints: node.mirror.taints, on: node.facts)
            } else {
                allocations.restore(pod, nil)
            }
        }
        let worker = worker(for: pod, isStatic: isStatic, memory, objects: ObjectSnapshot(isComplete: false), published: isOver ? pod.status : nil)
        workers[uid] = worker
        if let sandbox { await worker.claim(sandbox) }
        await worker.enqueue(pod)
        await endNamesakes(of: worker)
        launch(worker, uid: uid)
        applyNodeCgroups()
    }

    /// What a pod held is free: others may grow.
    private func ended(_ pod: PodIdentity) async {
        allocations.release(pod.uid)
        applyNodeCgroups()
        await reviewResizes()
    }

    private func reviewResizes() async {
        for (uid, grant) in allocations.reviewDeferred(on: node.facts) { await workers[uid]?.take(grant) }
        applyNodeCgroups()
    }

    /// A name belongs to one pod at a time: whoever was taken up under it before is gone upstream, and ends here too.
    private func endNamesakes(of worker: PodWorker) async {
        for uid in runs(before: worker).keys { await workers[uid]?.deletedUpstream() }
    }

    private func runs(before worker: PodWorker) -> [String: Task<Void, Never>] {
        runs.filter { uid, _ in
            guard let other = workers[uid]?.identity else { return false }
            return uid != worker.identity.uid && (other.namespace, other.name) == (worker.identity.namespace, worker.identity.name)
        }
    }

    /// The pod begins when earlier ones of its name have ended and let go of their volumes: their successor has the same claims,
    /// and two database servers must not meet on one of them.
    private func launch(_ worker: PodWorker, uid: String) {
        let earlier = runs(before: worker).values
        runs[uid] = Task {
            for run in earlier { await run.value }
            if await worker.run() { await self.forget(uid) }
        }
    }

    private func forget(_ uid: String) async {
        workers[uid] = nil
        runs[uid] = nil
        allocations.release(uid)
        await node.objects.forget(podUID: uid)
        await reviewResizes()
        do {
            try await node.ledger.commit { try $0.removePod(uid) }
        } catch {
            node.logger.error("pod not forgotten", metadata: ["pod.uid": "\(uid)", "error": "\(error)"])
        }
        guard let staticPods else { return }
        if let pod = staticPods[uid] { await upsert(pod, isStatic: true) }
        await showStaticPods()
    }

    /// Supervisors whose pods neither the ledger nor the API server knows. Berth made them, so Berth ends them.
    private func shutDownUnclaimed() async {
        guard hasFirstList, staticPods != nil else { return }
        for (uid, sandbox) in unclaimed {
            node.logger.notice("ending the sandbox of a forgotten pod", metadata: ["pod.uid": "\(uid)"])
            do {
                try await sandbox.shutDown()
            } catch {
                node.logger.error("forgotten sandbox not ended", metadata: ["pod.uid": "\(uid)", "error": "\(error)"])
            }
        }
        unclaimed = [:]
    }

    private func stop() async {
        for run in runs.values { run.cancel() }
        for run in runs.values { await run.value }
    }

    /// The cgroups above the pods, with the shares that the present pods give them.
    private func applyNodeCgroups() {
        let plans = nodeCgroups(for: allocations.pods, on: node.facts)
        guard plans != appliedCgroups else { return }
        appliedCgroups = plans
        for plan in plans {
            do {
                for directory in plan.directories { try CgroupDirectory(directory).create() }
                for write in plan.writes {
                    do throws(SystemCallError) {
                        try ControlFile.write(write.value.utf8, to: write.file)
                    } catch where write.isOptional {}
                }
            } catch {
                node.logger.error("node cgroup not set up", metadata: ["cgroup": "\(plan.directories.first ?? "")", "error": "\(error)"])
            }
        }
    }

    // MARK: The machine's end

    /// Ends the containers of every pod, those of critical pods last. Returns when they have ended, or their time is over.
    func suspend(_ periods: ShutdownSettings) async {
        node.pressure.isShuttingDown = true
        for (isCritical, seconds) in [(false, periods.regular), (true, periods.critical)] {
            var group: [PodWorker] = []
            for worker in workers.values where await worker.pod.isCritical == isCritical { group.append(worker) }
            for worker in group { await worker.suspend(Int(seconds)) }
            let end = ContinuousClock.now + .seconds(seconds)
            while ContinuousClock.now < end {
                var isQuiet = true
                for worker in group where await !worker.runs.isEmpty { isQuiet = false }
                if isQuiet { break }
                try? await Task.sleep(for: .milliseconds(50))  // between two looks; cancelled, the machine goes down without us
                if Task.isCancelled { return }
            }
        }
    }

    /// The machine stays up after all.
    func resume() async {
        node.pressure.isShuttingDown = false
        for worker in workers.values { await worker.suspend(nil) }
    }

    // MARK: Queries

    package func worker(uid: String) -> PodWorker? { workers[uid] }

    package func worker(namespace: String, name: String, uid: String? = nil) async -> PodWorker? {
        if let uid { return workers[uid] }
        let named = workers.values.filter { $0.identity.namespace == namespace && $0.identity.name == name }
        for worker in named where await !worker.isDeleted { return worker }
        return named.first
    }

    package func all() -> [PodWorker] { Array(workers.values) }

    /// Names of the images that containers of this node, running or not, were made from, by image id.
    package func imagesInUse() async -> [String: String] {
        var images: [String: String] = [:]
        for worker in workers.values { images.merge(await worker.imagesInUse()) { first, _ in first } }
        return images
    }
}

extension ObjectSnapshot {
    /// What the ledger holds of a pod's objects.
    ///
    /// - Parameter isComplete: the pod was set up with just these; before that, some may not have been read yet.
    init(remembered objects: [ResolvedObject], isComplete: Bool) throws {
        self.init(isComplete: isComplete)
        for object in objects {
            switch object.kind {
            case .configMap: configMaps[object.name] = try JSONDecoder().decode(ConfigMap.self, from: object.body)
            case .secret: secrets[object.name] = try JSONDecoder().decode(Secret.self, from: object.body)
            case .persistentVolumeClaim, .persistentVolume, .serviceAccountToken, .runtimeClass: continue
            }
        }
    }
}
