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
    let node: NodeServices
    var workers: [String: PodWorker] = [:]
    /// Each ends with its worker; `stop` cancels and awaits them.
    private var runs: [String: Task<Void, Never>] = [:]
    /// Supervisors without a row in the ledger, until the first list tells whose they are.
    var unclaimed: [String: Sandbox] = [:]
    /// Of pods that are gone, to be given back.
    let forgotten = ForgottenRows()
    private var hasFirstList = false
    private var appliedCgroups: [CgroupPlan] = []
    /// What the pods hold of the node.
    var allocations = NodeAllocations()
    /// By uid, as the manifests ask for them; nil before they were read.
    private var staticPods: [String: Pod]?
    private let mirrors: MirrorKeeper

    package init(node: NodeServices) {
        self.node = node
        mirrors = MirrorKeeper(client: node.client, node: node.mirror, logger: node.logger)
    }

    // MARK: The API server's list

    /// Follows the pods bound to this node until cancelled; their containers then stay as they are.
    package func run() async {
        let selector = ObjectSelector(field: "spec.nodeName=\(node.facts.nodeName)")
        await withDiscardingTaskGroup { group in
            group.addTask { await self.mirrors.run() }
            group.addTask { await self.keepReleasing() }
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
        case .replaced(let pods, let unreadable):
            await follow(.replaced(pods.filter(\.isMirror), unreadable: []))
            for pod in pods where !pod.isMirror { await upsert(pod) }
            // One that is there and says what we do not understand goes on as it was.
            let listed = Set(pods.map(\.metadata.uid)).union(unreadable)
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

    func worker(for pod: Pod, isStatic: Bool, _ memory: PodMemory, objects: ObjectSnapshot, published: PodStatus?) -> PodWorker {
        // Holds this actor, which lives as long as the daemon.
        PodWorker(pod: pod, isStatic: isStatic, memory: memory, objects: objects, published: published, node: node) { await self.ended($0) }
    }

    private func upsert(_ pod: Pod, isStatic: Bool = false) async {
        let uid = pod.metadata.uid
        if let worker = workers[uid] {
            guard await worker.enqueue(pod) else { return }
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
        var victims: [Pod] = []
        if !isOver {
            // Who was admitted is not asked again.
            if sandbox == nil, !ranHere, pod.metadata.deletionTimestamp == nil {
                memory.record.failure = admit(pod, displacing: &victims)
            } else {
                allocations.restore(pod, nil)
            }
        }
        let worker = worker(for: pod, isStatic: isStatic, memory, objects: ObjectSnapshot(isComplete: false), published: isOver ? pod.status : nil)
        workers[uid] = worker
        let displaced = victims.compactMap { workers[$0.metadata.uid] }
        for victim in victims { await preempt(victim) }
        if let sandbox { await worker.claim(sandbox) }
        await worker.enqueue(pod)
        await endNamesakes(of: worker)
        launch(worker, uid: uid, after: displaced)
        applyNodeCgroups()
    }

    private func admit(_ pod: Pod, displacing victims: inout [Pod]) -> PodFailure? {
        // It would start only to be ended again.
        if node.pressure.isShuttingDown { return PodFailure(reason: "NodeShutdown", message: "Pod was rejected as the node is shutting down.") }
        return pressureFailure(of: pod, under: node.pressure.current)
            ?? allocations.admit(pod, taints: node.mirror.taints, on: node.facts, displacing: &victims)
    }

    /// Ends a pod within its own grace period.
    private func preempt(_ victim: Pod) async {
        let why = PodFailure(reason: "Preempting", message: "Preempted in order to admit critical pod")
        let disruption = PodFailure(reason: "TerminationByKubelet", message: "Pod was preempted by Kubelet to accommodate a critical pod.")
        _ = await workers[victim.metadata.uid]?.end(why, grace: victim.spec.terminationGracePeriodSeconds ?? 30, disruption: disruption)
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
    func endNamesakes(of worker: PodWorker) async {
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
    ///
    /// - Parameter displaced: pods that end to make room for it, and hold what it needs until then.
    func launch(_ worker: PodWorker, uid: String, after displaced: [PodWorker] = []) {
        let earlier = runs(before: worker).values
        runs[uid] = Task {
            for run in earlier { await run.value }
            for other in displaced { await other.waitUntilEnded() }
            if await worker.run() { await self.forget(uid) }
        }
    }

    private func forget(_ uid: String) async {
        // Before a static pod of the same manifest, and so of the same uid, may begin.
        await node.objects.forget(podUID: uid)
        node.events.forget(uid: uid)
        do {
            try await node.ledger.commit { try $0.removePod(uid) }
        } catch {
            node.logger.error("pod not forgotten", metadata: ["pod.uid": "\(uid)", "error": "\(error)"])
        }
        workers[uid] = nil
        runs[uid] = nil
        allocations.release(uid)
        await reviewResizes()
        guard let staticPods else { return }
        if let pod = staticPods[uid] { await upsert(pod, isStatic: true) }
        await showStaticPods()
    }

    /// Supervisors whose pods neither the ledger nor the API server knows. Berth made them, so Berth ends them.
    func shutDownUnclaimed() async {
        guard hasFirstList, staticPods != nil else { return }
        let doomed = unclaimed
        unclaimed = [:]
        for (uid, sandbox) in doomed {
            node.logger.notice("ending the sandbox of a forgotten pod", metadata: ["pod.uid": "\(uid)"])
            do {
                try await sandbox.shutDown()
                if workers[uid] == nil { try await node.volumes.unpublish(podUID: uid) }
                if workers[uid] == nil { try await releaseLeaked { $0 == uid } }
                if workers[uid] == nil {
                    let directory = node.facts.paths.pod(uid)
                    try await onDedicatedThread { () throws(SystemCallError) in try FileTree.remove(path: directory) }
                }
            } catch {
                unclaimed[uid] = sandbox  // for `keepReleasing`
                node.logger.error("forgotten sandbox not ended", metadata: ["pod.uid": "\(uid)", "error": "\(error)"])
            }
        }
    }

    private func stop() async {
        for run in runs.values { run.cancel() }
        for run in runs.values { await run.value }
    }

    /// The cgroups above the pods, with the shares that the present pods give them.
    func applyNodeCgroups() {
        let plans = nodeCgroups(for: allocations.pods, on: node.facts)
        guard plans != appliedCgroups else { return }
        appliedCgroups = plans
        for plan in plans {
            do {
                try plan.apply()
            } catch {
                node.logger.error("node cgroup not set up", metadata: ["cgroup": "\(plan.directories.first ?? "")", "error": "\(error)"])
            }
        }
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
