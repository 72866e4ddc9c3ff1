import FoundationEssentials
import KubeAPI
import KubeClient
import Ledger
import LinuxSystem
import Logging
import Volumes

/// Performs what the provisioner decided: image and API object, each effect between its rows in the ledger.
struct ProvisionerEffects: Sendable {
    let client: KubeClient
    let store: LocalVolumeStore
    let ledger: Ledger
    let events: EventRecorder
    let nodeName: String
    let retention: Duration
    let logger: Logger

    /// - Parameter others: the keys of all actions under way.
    /// - Returns: volumes as they are in the API after it.
    func perform(_ action: ProvisionerAction, among volumes: [PersistentVolume], besides others: Set<String>) async throws -> [PersistentVolume] {
        switch action {
        case .provision(let claim, let storage): return [try await provision(try ProvisionedVolume(claim, of: storage), among: volumes, besides: others)]
        case .expand(let claim, let volume): return [try await expand(volume, for: claim)]
        case .report(let claim, let capacity): try await report(capacity, of: claim)
        case .reclaim(let volume): try await reclaim(volume)
        case .letGo(let volume): try await release(volume)
        }
        return []
    }

    /// As an event on the object it is about, and in the log.
    func report(_ error: any Error, during action: ProvisionerAction) {
        let cause = error as? any ActionableError
        let text = "\(error)" + (cause?.remedy.map { "; \($0)" } ?? "")
        logger.warning("provisioner", metadata: ["action": "\(action.key)", "error": "\(text)"])
        switch action {
        case .provision(let claim, let storage):
            let message = "failed to provision volume with StorageClass \"\(storage.metadata.name)\": \(text)"
            events.record(EventNote(.warning, "ProvisioningFailed", message, about: claim.reference))
        case .expand(let claim, _), .report(let claim, _):
            events.record(EventNote(.warning, "VolumeResizeFailed", text, about: claim.reference))
        case .reclaim(let volume), .letGo(let volume):
            events.record(EventNote(.warning, "VolumeFailedDelete", text, about: volume.reference))
        }
    }

    // MARK: Making

    private func provision(_ wanted: ProvisionedVolume, among volumes: [PersistentVolume], besides others: Set<String>) async throws -> PersistentVolume {
        let claim = wanted.claim
        let image = try await image(for: wanted, among: volumes, besides: others)
        let manifest = wanted.manifest(for: image, at: store.mountPoint(of: image.id), on: nodeName)
        let answer: [UInt8]
        do throws(KubeClientError) {
            answer = try await client.perform(
                .post, ResourcePath(PersistentVolume.self, namespace: nil), body: manifest.serialized(), contentType: "application/json")
        } catch {
            guard error.isAlreadyExists else { throw error }
            return try await client.get(named: claim.provisionedName)
        }
        let volume = try JSONValue(parsing: answer).decode(as: PersistentVolume.self)
        let message = "Successfully provisioned volume \(volume.metadata.name)"
        events.record(EventNote(.normal, "ProvisioningSucceeded", message, about: claim.reference))
        return volume
    }

    /// The claim's image: the one it has already, else one that is lost, else a new one.
    private func image(for wanted: ProvisionedVolume, among volumes: [PersistentVolume], besides others: Set<String>) async throws -> LocalVolume {
        let claim = wanted.claim
        let id = claim.provisionedName
        let states = try await ledger.read { try $0.volumes() }
        let known = try await store.volumes()
        if let lost = claim.lostImage(among: known, states: states, used: volumes, underWay: others) {
            logger.notice("volume found again", metadata: ["volume": "\(lost.id)", "claim": "\(claim.metadata.namespace)/\(claim.metadata.name)"])
            return wanted.bytes > lost.capacityBytes ? try await grow(lost.id, to: wanted.bytes) : lost
        }
        let store = store
        let specification = LocalVolumeSpecification(
            id: id, capacityBytes: wanted.bytes, claimNamespace: claim.metadata.namespace, claimName: claim.metadata.name,
            claimUID: claim.metadata.uid)
        return try await ledger.bracket(
            Intent(.createVolume, subject: id, detail: "\(wanted.bytes)"),
            effect: { try await store.create(specification) },
            recording: { try $0.save(VolumeEntry($1, in: store)) })
    }

    // MARK: Growing

    private func expand(_ volume: PersistentVolume, for claim: PersistentVolumeClaim) async throws -> PersistentVolume {
        guard let wanted = claim.spec.resources.requests["storage"], let id = volume.metadata.annotations[VolumeRequest.volumeIDAnnotation] else {
            return volume
        }
        _ = try await grow(id, to: wanted.value)
        let grown = try await client.patch(
            PersistentVolume.self, named: volume.metadata.name,
            with: Patch(.merge, encoding: ["spec": ["capacity": ["storage": wanted.text]]]))
        try await report(wanted, of: claim)
        return grown
    }

    private func grow(_ id: String, to bytes: Int) async throws -> LocalVolume {
        let store = store
        return try await ledger.bracket(
            Intent(.expandVolume, subject: id, detail: "\(bytes)"),
            effect: { try await store.expand(id, toBytes: bytes) },
            recording: { transaction, volume in
                var entry = try transaction.snapshot.volume(id) ?? VolumeEntry(volume, in: store)
                entry.capacityBytes = volume.capacityBytes
                try transaction.save(entry)
            })
    }

    private func report(_ capacity: Quantity, of claim: PersistentVolumeClaim) async throws {
        let change: JSONValue = ["status": ["capacity": ["storage": .string(capacity.text)], "conditions": .null]]
        _ = try await client.patch(
            PersistentVolumeClaim.self, named: claim.metadata.name, in: claim.metadata.namespace, subresource: "status",
            with: Patch(.merge, body: change.serialized()))
        events.record(
            EventNote(.normal, "FileSystemResizeSuccessful", "the volume now offers \(capacity.text)", about: claim.reference))
    }

    // MARK: Taking back

    /// First the data to the trash, then the object away: a crash in between is finished by asking again.
    private func reclaim(_ volume: PersistentVolume) async throws {
        if let id = volume.metadata.annotations[VolumeRequest.volumeIDAnnotation] { try await trash(id) }
        try await release(volume, deleting: true)
    }

    private func trash(_ id: String) async throws {
        let users = try await ledger.read { try $0.publications(ofVolume: id).count }
        guard users == 0 else { throw ProvisionerError.inUse(volume: id, pods: users) }
        let store = store
        do {
            _ = try await ledger.bracket(
                Intent(.trashVolume, subject: id),
                effect: {
                    try await store.unstage(id)
                    return try await store.moveToTrash(id, at: Date())
                },
                recording: { transaction, trashed in
                    var entry = try transaction.snapshot.volume(id) ?? VolumeEntry(trashed.volume, in: store)
                    entry.state = .trashed
                    entry.trashedAt = trashed.volume.trashedAt
                    entry.source = trashed.path
                    try transaction.save(entry)
                })
        } catch VolumeError.unknownVolume {
            return  // in the trash or purged already
        }
    }

    /// Takes our finalizer off; the data stays where it is, and is never given to another claim.
    private func release(_ volume: PersistentVolume, deleting: Bool = false) async throws {
        if !deleting, let id = volume.metadata.annotations[VolumeRequest.volumeIDAnnotation] {
            try await store.release(id, at: Date())
            try await ledger.commit { transaction in
                guard var entry = try transaction.snapshot.volume(id) else { return }
                entry.state = .released
                try transaction.save(entry)
            }
        }
        do throws(KubeClientError) {
            if deleting, volume.metadata.deletionTimestamp == nil {
                try await client.delete(PersistentVolume.self, named: volume.metadata.name, uid: volume.metadata.uid)
            }
            let current: PersistentVolume = try await client.get(named: volume.metadata.name)
            guard current.metadata.uid == volume.metadata.uid else { return }
            let others = current.metadata.finalizers.filter { $0 != ProvisionerView.finalizer }
            let change: JSONValue = [
                "metadata": [
                    "resourceVersion": .string(current.metadata.resourceVersion),
                    "finalizers": others.isEmpty ? .null : .array(others.map(JSONValue.string)),
                ]
            ]
            _ = try await client.patch(PersistentVolume.self, named: volume.metadata.name, with: Patch(.merge, body: change.serialized()))
        } catch {
            guard error.isNotFound else { throw error }
        }
    }

    // MARK: The node's own side

    /// Closes what a crash left open in the journal (every deed is decided anew from what is), and puts volumes that
    /// a rebuilt ledger does not know back into it.
    func recover() async {
        do {
            let volumes = try await store.volumes()
            let store = store
            try await ledger.commit { transaction in
                for intent in try transaction.snapshot.openIntents() where Leftovers.provisionersKinds.contains(intent.kind) {
                    try transaction.finish(intent.sequence, failure: "interrupted; decided anew", at: Date())
                }
                for volume in volumes where try transaction.snapshot.volume(volume.id) == nil {
                    try transaction.save(VolumeEntry(volume, in: store))
                }
            }
        } catch {
            logger.error("volumes not recovered", metadata: ["error": "\(error)"])
        }
    }

    /// Empties the trash of what is older than the retention, now and every hour.
    func purgeRegularly() async {
        let bootID = ledger.bootID
        while !Task.isCancelled {
            do {
                let (store, retention) = (store, retention)
                if try await !store.trashed().isEmpty, let uptime = SmallFile.firstLine("/proc/uptime")?.split(separator: " ").first.flatMap({ Double($0) }) {
                    _ = try await ledger.bracket(
                        Intent(.purgeVolume, subject: "trash"),
                        effect: { try await store.purge(after: retention, now: Date(), bootID: bootID, uptime: uptime) },
                        recording: { transaction, ids in for id in ids { try transaction.removeVolume(id) } })
                }
            } catch {
                logger.error("trash not emptied", metadata: ["error": "\(error)"])
            }
            // Ends early only by cancellation.
            try? await Task.sleep(for: .seconds(3600))
        }
    }
}

extension VolumeEntry {
    /// A volume that is there and nowhere mounted. The root directory of an ext4 file system is inode 2.
    init(_ volume: LocalVolume, in store: LocalVolumeStore) {
        self.init(
            id: volume.id, kind: .localImage, state: .provisioned, persistentVolume: volume.id,
            claimNamespace: volume.claimNamespace, claimName: volume.claimName, claimUID: volume.claimUID,
            capacityBytes: volume.capacityBytes, source: store.image(of: volume.id), stagingPath: store.mountPoint(of: volume.id),
            identity: SourceIdentity(filesystemUUID: volume.filesystemUUID, device: 0, inode: 2), createdAt: volume.createdAt)
    }
}

extension PersistentVolumeClaim {
    /// The image of an earlier claim of this name whose PersistentVolume was lost with its control plane; nil also when this one
    /// has an image of its own. One that was released is not lost, nor is one whose PersistentVolume is just being made, for a claim
    /// of that name that was deleted meanwhile: it will go with that.
    ///
    /// - Parameters:
    ///   - known: every image that is not in the trash.
    ///   - underWay: the keys of the provisioner's actions that have not ended: for a new volume, the claim's uid.
    func lostImage(among known: [LocalVolume], states: [VolumeEntry], used volumes: [PersistentVolume], underWay: Set<String>) -> LocalVolume? {
        if known.contains(where: { $0.id == provisionedName }) { return nil }
        let used = Set(volumes.compactMap { $0.metadata.annotations[VolumeRequest.volumeIDAnnotation] })
        return known.first { volume in
            volume.claimNamespace == metadata.namespace && volume.claimName == metadata.name && !used.contains(volume.id)
                && !underWay.contains(volume.claimUID) && volume.releasedAt == nil && states.first { $0.id == volume.id }?.state != .released
        }
    }
}
