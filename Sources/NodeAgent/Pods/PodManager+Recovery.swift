import ContainerRuntime
import FoundationEssentials
import KubeAPI
import Ledger
import LinuxSystem
import Logging
import Networking
import PodPlanning
import SandboxPlan

/// Taking up, after a start, what the ledger and the kernel know of.
extension PodManager {
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
            guard let pod = try? entries.first(where: { $0.uid == uid })?.pod() else { return nil }
            let handler = try? await RuntimeHandler.remembered(for: pod, ledger: ledger, facts: facts)
            return try? sandboxPlan(for: pod, runtime: handler, on: facts)
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
        await forgotten.add(
            networks: networks.filter { !known.contains($0.podUID) }, publications: Set(publications.map(\.podUID)).subtracting(known))
        await releaseForgotten()
        do {
            try await releaseLeaked { !known.contains($0) }
        } catch {
            node.logger.error("leaked addresses not released", metadata: ["error": "\(error)"])
        }
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
            if let pair = memory.categories { await node.categoryPairs.keep(pair, for: uid) }
            let objects = await remembered(of: uid, isComplete: memory.hasBeenSetUp)
            if !memory.record.isTerminal, published?.isTerminal != true { allocations.restore(pod, memory.record.allocation) }
            return worker(for: pod, isStatic: entry.source == .file, memory, objects: objects, published: published)
        } catch {
            // The pod comes back with the API server's list.
            node.logger.error("pod not restored", metadata: ["pod.uid": "\(entry.uid)", "error": "\(error)"])
            return nil
        }
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

    /// What could not be given back at the start, because a plugin is missing or a mount is busy, is tried until it can.
    func keepReleasing() async {
        while !Task.isCancelled {
            // Ends early only by cancellation, which the loop condition sees.
            try? await Task.sleep(for: .seconds(30), tolerance: .seconds(5))
            if Task.isCancelled { return }
            await releaseForgotten()
            await shutDownUnclaimed()
        }
    }

    private func releaseForgotten() async {
        let node = node
        // One that has come back sees to it by itself.
        await forgotten.release(besides: { await self.workers[$0] != nil }, logger: node.logger) { entry in
            let attachment = PodAttachment(containerID: entry.podUID, networkNamespace: nil, namespace: "", name: "", uid: entry.podUID)
            try await node.network.delete(attachment, result: try JSONDecoder().decode(NetworkResult.self, from: entry.result))
            try await node.ledger.commit { try $0.removeNetwork(of: entry.podUID) }
        } volumes: {
            try await node.volumes.unpublish(podUID: $0)
        }
    }

    /// Addresses that are taken for pods of which no row tells.
    func releaseLeaked(where isLeaked: @Sendable (String) -> Bool) async throws(NetworkError) {
        if let reservations = node.reservations { _ = try await node.network.releaseLeaked(in: reservations, where: isLeaked) }
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
