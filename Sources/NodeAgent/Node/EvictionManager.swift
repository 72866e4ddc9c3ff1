import FoundationEssentials
import KubeAPI
import LinuxSystem
import Logging
import PodPlanning

/// Looks every ten seconds what is left of the node's memory, disk and processes, and gives back what is short: first what no
/// pod needs, then pods, one at a time. Source: Kubernetes, "Node-pressure Eviction".
actor EvictionManager {
    private static let interval = Duration.seconds(10)
    /// How long a pod's end is waited for before the next look. Source: kubelet `podCleanupTimeout`.
    private static let cleanupTimeout = 30
    /// Seconds that a pod gets when there is no time. Source: kubelet `immediateEvictionGracePeriodSeconds`.
    private static let immediate = 1

    private let node: NodeServices
    private let pods: PodManager
    private let collectImages: @Sendable () async -> Void
    private var machine: PressureMachine
    private var heap = HeapTrim()

    /// - Parameter collectImages: removes every image that no pod stands on.
    init(node: NodeServices, pods: PodManager, collectImages: @escaping @Sendable () async -> Void) {
        self.node = node
        self.pods = pods
        self.collectImages = collectImages
        machine = PressureMachine(node.eviction)
    }

    /// Runs until cancelled.
    func run() async {
        while !Task.isCancelled {
            await look()
            heap.giveBack()  // the daemon's own part
            // Ends early only by cancellation, which the loop condition sees.
            try? await Task.sleep(for: Self.interval, tolerance: .seconds(1))
        }
    }

    private func look() async {
        let seen = observations()
        let verdict = machine.look(seen, now: Date())
        node.pressure.take(verdict.conditions)
        if await evictThoseAboveTheirLimits() { return }
        guard let threshold = verdict.reclaim, let observation = seen[threshold.signal] else { return }
        node.logger.warning("node runs short", metadata: ["signal": "\(threshold.signal.rawValue)", "available": "\(observation.available)"])
        node.events.record(
            EventNote(
                .warning, "EvictionThresholdMet", "Attempting to reclaim \(threshold.signal.resource)",
                about: ObjectReference(apiVersion: Node.apiVersion, kind: Node.kind, name: node.facts.nodeName, uid: node.facts.nodeName)))
        if threshold.signal.condition == "DiskPressure" {
            await collectImages()
            if machine.isRelieved(observations()) { return }
        }
        await evictOne(threshold, observation)
    }

    private func observations() -> [EvictionSignal: EvictionObservation] {
        var seen: [EvictionSignal: EvictionObservation] = [:]
        let memory = MemoryInfo.read()
        if memory.total > 0 { seen[.memory] = EvictionObservation(available: memory.available, capacity: memory.total) }
        let processes = ProcessNumbers.read()
        if processes.limit > 0 { seen[.processes] = EvictionObservation(available: processes.limit - processes.used, capacity: processes.limit) }
        for (path, disk, inodes) in [
            (node.facts.paths.kubelet, EvictionSignal.nodeDisk, EvictionSignal.nodeInodes), (node.facts.paths.state, .imageDisk, .imageInodes),
        ] {
            do throws(SystemCallError) {
                let space = try FileSystemSpace(of: path)
                seen[disk] = EvictionObservation(available: space.availableBytes, capacity: space.capacityBytes)
                // Some file systems make inodes as they need them.
                if space.inodes > 0 { seen[inodes] = EvictionObservation(available: space.availableInodes, capacity: space.inodes) }
            } catch {
                node.logger.warning("free space not known", metadata: ["error": "\(error)"])
            }
        }
        return seen
    }

    /// - Returns: whether one had to go; what that gives back is seen at the next look.
    private func evictThoseAboveTheirLimits() async -> Bool {
        var hasEvicted = false
        for worker in await pods.all() {
            guard await worker.isActive, await worker.pod.spec.limitsStorage, let used = await measured(worker, .nodeDisk),
                let message = storageExcess(of: used), !used.pod.isCritical
            else { continue }
            if await worker.end(PodFailure(reason: "Evicted", message: message), grace: Self.immediate, disruption: nil) { hasEvicted = true }
        }
        return hasEvicted
    }

    private func evictOne(_ threshold: EvictionThreshold, _ observation: EvictionObservation) async {
        var candidates: [PodConsumption] = []
        for worker in await pods.all() where await worker.isActive {
            if let used = await measured(worker, threshold.signal) { candidates.append(used) }
        }
        for victim in evictionOrder(candidates, for: threshold.signal) {
            guard let worker = await pods.worker(uid: victim.pod.metadata.uid) else { continue }
            let message = evictionMessage(for: victim, short: threshold, observation)
            let own = victim.pod.spec.terminationGracePeriodSeconds ?? 30
            let grace = threshold.gracePeriod == nil ? Self.immediate : min(node.eviction.maximumPodGracePeriod, own)
            let hasEnded = await worker.end(
                PodFailure(reason: "Evicted", message: message), grace: grace, disruption: PodFailure(reason: "TerminationByKubelet", message: message))
            guard hasEnded else { continue }
            // What it holds is given back with its end: the next look must not find it still there, and take another.
            for _ in 0..<Self.cleanupTimeout {
                if await worker.memory.isCleanedUp || Task.isCancelled { return }
                try? await Task.sleep(for: .seconds(1))  // between two looks; cancellation is seen above
            }
            return
        }
    }

    /// Nil when its files cannot be read.
    private func measured(_ worker: PodWorker, _ signal: EvictionSignal) async -> PodConsumption? {
        let (pod, runs) = (await worker.granted, await worker.runs)
        let facts = node.facts
        do throws(SystemCallError) {
            // A directory may be large, and the cooperative pool must not wait for it.
            return try await onDedicatedThread { () throws(SystemCallError) in
                var used = PodConsumption(pod: pod)
                if signal == .memory || signal == .processes {
                    used.measureProcesses(runs, in: facts)
                } else {
                    try used.measureDisk(runs, in: facts)
                }
                return used
            }
        } catch {
            node.logger.warning("pod not measured", metadata: ["pod.uid": "\(pod.metadata.uid)", "error": "\(error)"])
            return nil
        }
    }
}
