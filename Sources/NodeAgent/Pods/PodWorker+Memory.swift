import SandboxPlan
import Logging
import FoundationEssentials
import Images
import KubeAPI
import Ledger
import PodPlanning

/// What the worker writes down, and what it tells the API server.
extension PodWorker {
    /// The status that follows from the memory now.
    func currentStatus() -> PodStatus {
        podStatus(of: pod, from: memory.record, hostIPs: node.facts.nodeIPs, now: Date())
    }

    /// Name by id of the images its containers were made from; of one found again after the ledger was lost, by its name.
    func imagesInUse() async -> [String: String] {
        guard !memory.isCleanedUp else { return [:] }
        var images: [String: String] = [:]
        for run in memory.record.containers.values.compactMap(\.current) {
            // After the ledger was lost it is what the status says: maybe a reference, maybe nothing.
            let id = run.imageID.hasPrefix("sha256:") ? run.imageID : await node.images.stored(run.imageID.isEmpty ? run.image : run.imageID)?.id
            if let id { images[id] = run.image }
        }
        for (id, name) in await node.volumes.images(podUID: identity.uid) { images[id] = name }
        return images
    }

    /// Writes the memory down, together with the pod and the status that follows, where these have changed. What the ledger
    /// would not take, for instance on a full disk, is written again after a while.
    ///
    /// - Returns: whether it is on the disk.
    @discardableResult
    func persist() async -> Bool {
        if !hasEnded, currentStatus().isTerminal {
            hasEnded = true
            // Whoever fills the room that the API server shows as free finds it free here too.
            await ended(identity)
        }
        memory.dropOldProbes()
        for id in endWaiters.keys where memory.record.containers.values.allSatisfy({ $0.current?.id != id || !$0.isRunning }) {
            for waiter in endWaiters.removeValue(forKey: id) ?? [] { waiter.finish() }
        }
        let status = currentStatus()
        let before = published
        let isNews = status != before
        pod.status = status
        published = status
        let reference = PodReference(pod)
        let addressee = isStatic ? mirrorUID.map { PodReference(namespace: reference.namespace, name: reference.name, uid: $0) } : reference
        let tellUpstream = isNews && !isGoneUpstream
        let version = rowVersion
        let (row, bootID, state) = (isStored ? nil : pod, node.ledger.bootID, isDeleted ? PodEntry.State.deleting : .admitted)
        let source = isStatic ? PodEntry.Source.file : .api
        let results = unwritten
        let isSaved = await commit { [memory] transaction in
            for (intent, rows) in results {
                try rows(transaction)
                try transaction.finish(intent)
            }
            let record = try memory.stored()
            let fields = isNews || row != nil ? try JSONValue(encoding: status) : nil
            let newStatus = fields.map { Data($0.serialized()) }
            if let row {
                var entry = try PodEntry(row, source: source, state: state, bootID: bootID, admittedAt: memory.record.startTime)
                (entry.record, entry.status) = (record, newStatus)
                try transaction.save(entry)
            } else {
                try transaction.setRecord(record, status: newStatus, ofPod: reference.uid)
            }
            if tellUpstream, let addressee, let fields { try transaction.send(.status(addressee, fields), at: Date()) }
        }
        if isSaved {
            for intent in results.keys { unwritten[intent] = nil }
            storedRowVersion = max(storedRowVersion, version)
            saveRetryAt = nil
            if tellUpstream, let addressee { node.outbox.kick(.status, key: addressee.uid, canWait: status.isOnItsWay) }
        } else {
            published = before
            saveRetryAt = Date().addingTimeInterval(5)
        }
        return isSaved
    }

    /// The same when only time or the spec may have changed the status.
    func publishStatus() async {
        if currentStatus() != published { await persist() }
    }

    /// A ledger that cannot be written does not stop the pods; it is logged.
    ///
    /// - Returns: whether it was written.
    @discardableResult
    func commit(_ body: @escaping @Sendable (LedgerTransaction) throws -> Void) async -> Bool {
        do throws(LedgerError) {
            try await node.ledger.commit(body)
            return true
        } catch {
            logger.error("ledger write failed", metadata: ["error": "\(error)"])
            return false
        }
    }

    /// Subscribes to the objects that the spec names.
    func followObjects() async {
        followsObjects = true
        let uid = identity.uid
        await node.objects.follow(pod.referencedObjects, for: uid, known: objects) { [weak self] in await self?.receive($0) }
    }

    /// Keeps what is new in the ledger, for a start without the control plane. An object that is gone upstream is forgotten.
    func remember(_ snapshot: ObjectSnapshot, insteadOf before: ObjectSnapshot) async {
        let uid = identity.uid
        var saved: [ResolvedObject] = []
        do {
            for (name, object) in snapshot.configMaps where before.configMaps[name]?.metadata.resourceVersion != object.metadata.resourceVersion {
                saved.append(
                    ResolvedObject(
                        kind: .configMap, name: name, resourceVersion: object.metadata.resourceVersion, body: try JSONEncoder().encode(object)))
            }
            for (name, object) in snapshot.secrets where before.secrets[name]?.metadata.resourceVersion != object.metadata.resourceVersion {
                saved.append(
                    ResolvedObject(
                        kind: .secret, name: name, resourceVersion: object.metadata.resourceVersion, body: try JSONEncoder().encode(object)))
            }
        } catch {
            logger.error("object not remembered", metadata: ["error": "\(error)"])
        }
        let goneMaps = snapshot.isComplete ? before.configMaps.keys.filter { snapshot.configMaps[$0] == nil } : []
        let goneSecrets = snapshot.isComplete ? before.secrets.keys.filter { snapshot.secrets[$0] == nil } : []
        guard !saved.isEmpty || !goneMaps.isEmpty || !goneSecrets.isEmpty else { return }
        // On the disk before anything is made of them: that begins with a commit of its own.
        node.ledger.post(matters: true) { [saved] transaction in
            for object in saved { try transaction.save(object, for: uid) }
            for name in goneMaps { try transaction.removeObject(.configMap, named: name, of: uid) }
            for name in goneSecrets { try transaction.removeObject(.secret, named: name, of: uid) }
        }
    }
}
