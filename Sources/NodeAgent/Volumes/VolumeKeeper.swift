package import FoundationEssentials
package import Images
package import KubeAPI
import KubeClient
package import Ledger
import LinuxSystem
package import PodPlanning
package import Volumes

/// Brings the volumes of a pod onto the node and takes them away again, each effect between its rows in the ledger.
package struct VolumeKeeper: Sendable {
    private let effects: PodVolumes
    private let claims: ClaimResolver
    private let tokens: TokenKeeper
    private let ledger: Ledger
    private let turns = VolumeTurns()

    package init(effects: PodVolumes, claims: ClaimResolver, tokens: TokenKeeper, ledger: Ledger) {
        self.effects = effects
        self.claims = claims
        self.tokens = tokens
        self.ledger = ledger
    }

    /// See `PodVolumes.makeSubPath`.
    func makeSubPath(_ path: String, in volume: String) async throws(VolumeError) { try await effects.makeSubPath(path, in: volume) }

    package struct Published: Sendable {
        package var volumes: [String: MountedVolume]
        /// When the pod's tokens are to be renewed.
        package var renewAt: Date?
    }

    /// Publishes every volume of the spec. Volumes that stand already are only brought up to date.
    ///
    /// - Parameter images: those of the spec's image volumes, by the volume's name.
    /// - Throws: `VolumeTrouble`, also for objects that are missing; `LedgerError`.
    package func publish(
        for pod: Pod, objects: ReferencedObjects, images: [String: StoredImage] = [:], podIPs: [String], on node: NodeFacts
    ) async throws -> Published {
        guard !pod.spec.volumes.isEmpty else { return Published(volumes: [:], renewAt: nil) }
        let uid = pod.metadata.uid
        var requests: [VolumeRequest] = []
        var renewals: [Date] = []
        for volume in pod.spec.volumes {
            if let image = images[volume.name] {
                requests.append(VolumeRequest(name: volume.name, source: .image(layers: image.layers, id: image.id), isReadOnly: true))
                continue
            }
            let (request, renewAt) = try await request(for: volume, of: pod, objects: objects, podIPs: podIPs, on: node)
            requests.append(request)
            if let renewAt { renewals.append(renewAt) }
        }
        let fsGroup = pod.fsGroup
        let (known, volumes) = try await ledger.read { (try $0.publications(of: uid), try $0.volumes()) }
        let identities = Dictionary(known.map { ($0.volumeName, $0.identity) }, uniquingKeysWith: { first, _ in first })
        let owners = Dictionary(
            known.filter { $0.state == .published }.map { ($0.volumeName, $0.fsGroup.flatMap(UInt32.init(exactly:))) },
            uniquingKeysWith: { first, _ in first })
        let byVolume = Dictionary(volumes.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        let wanted = requests
        let effects = effects
        let staged = Set(requests.filter(\.isLocalImage).map(\.volumeID)).sorted()
        let published = try await during(staged) {
            try await ledger.bracket(
                Intent(.publishVolumes, subject: uid),
                preparing: { transaction in
                    for request in wanted where !known.contains(where: { $0.volumeName == request.name }) {
                        try transaction.save(
                            PublicationEntry(
                                podUID: uid, volumeName: request.name, volumeID: request.volumeID, kind: request.kind, state: .publishing,
                                path: "", publishedAt: Date()))
                    }
                },
                effect: {
                    try await withThrowingTaskGroup(of: PublishedVolume.self) { group in
                        for request in wanted {
                            let identity = (identities[request.name] ?? nil) ?? byVolume[request.volumeID].flatMap { $0.isOf(request) ? $0.identity : nil }
                            let owner = owners[request.name] ?? nil
                            group.addTask {
                                do throws(VolumeError) {
                                    return try await effects.publish(request, podUID: uid, fsGroup: fsGroup, ownedBy: owner, expecting: identity)
                                } catch {
                                    throw VolumeTrouble.notMounted(volume: request.name, cause: error)
                                }
                            }
                        }
                        var all: [PublishedVolume] = []
                        for try await one in group { all.append(one) }
                        return all
                    }
                },
                recording: { transaction, published in
                    for one in published {
                        // What a later pod must find there again.
                        if let request = wanted.first(where: { $0.name == one.volume.name }), let entry = VolumeEntry(firstUseOf: request, identity: one.identity),
                            try transaction.snapshot.volume(entry.id)?.isOf(request) != true
                        {
                            try transaction.save(entry)
                        }
                        try transaction.save(
                            PublicationEntry(
                                podUID: uid, volumeName: one.volume.name, volumeID: one.volumeID, kind: one.kind, state: .published,
                                path: one.volume.hostPath, isReadOnly: one.volume.isReadOnly, isMount: one.isMount, identity: one.identity,
                                fsGroup: one.fsGroup.map(Int.init), publishedAt: Date()))
                    }
                })
        }
        return Published(
            volumes: Dictionary(published.map { ($0.volume.name, $0.volume) }, uniquingKeysWith: { first, _ in first }), renewAt: renewals.min())
    }

    /// The volumes as the ledger says they stand, without touching them.
    package func remembered(podUID uid: String) async throws(LedgerError) -> [String: MountedVolume] {
        let entries = try await ledger.read { try $0.publications(of: uid) }.filter { $0.state == .published }
        return Dictionary(
            entries.map { ($0.volumeName, MountedVolume(name: $0.volumeName, hostPath: $0.path, isReadOnly: $0.isReadOnly)) }, uniquingKeysWith: { first, _ in first })
    }

    /// The persistent volumes that stand for some pod, each found to be the one it should be, as the node's status names them.
    package func inUse() async -> [String] {
        do throws(LedgerError) {
            let standing = try await ledger.read { try $0.publications() }.filter {
                $0.state == .published && !$0.volumeID.isEmpty && $0.kind != "image"
            }
            return Set(standing.map { "kubernetes.io/local-volume/\($0.volumeID)" }).sorted()
        } catch {
            return []  // whoever reads the ledger for the pods' sake reports it
        }
    }

    /// The ids of the images that stand as volumes of the pod, and the volumes' names.
    package func images(podUID uid: String) async -> [(id: String, volume: String)] {
        do throws(LedgerError) {
            return try await ledger.read { try $0.publications(of: uid) }.filter { $0.kind == "image" }.map { ($0.volumeID, $0.volumeName) }
        } catch {
            return []  // whoever collects images reads the same ledger next, and leaves them all when it cannot
        }
    }

    /// Whether the sources of the pod's claims are what they were published as. A mount that was taken away by hand leaves an
    /// empty directory in its place.
    package func standAsPublished(podUID uid: String) async throws(LedgerError) -> Bool {
        for entry in try await ledger.read({ try $0.publications(of: uid) }) {
            if let identity = entry.identity, await !effects.isInPlace(identity, at: entry.path) { return false }
        }
        return true
    }

    /// Takes down what `publish` made for the pod, whatever of it there is; a claim's volume is unmounted from the node with its last pod.
    package func unpublish(podUID uid: String) async throws {
        let entries = try await ledger.read { try $0.publications(of: uid) }
        if !entries.isEmpty { try await unpublish(entries, podUID: uid) }
        // Also what no row tells of: of a publication that was broken off, or of a ledger that was lost.
        _ = try await effects.unpublishAll(podUID: uid)
    }

    private func unpublish(_ entries: [PublicationEntry], podUID uid: String) async throws {
        let effects = effects
        let ledger = ledger
        try await ledger.bracket(
            Intent(.unpublishVolumes, subject: uid),
            effect: {
                for entry in entries {
                    try await effects.unpublish(podUID: uid, volume: entry.volumeName, kind: entry.kind)
                    try await during(entry.volumeID.isEmpty ? [] : [entry.volumeID]) {
                        // In this order: after a crash in between, the row that is left leads here again.
                        if !entry.volumeID.isEmpty { try await unstage(entry.volumeID, ifLastIs: entry) }
                        try await ledger.commit { try $0.removePublication(of: uid, volume: entry.volumeName) }
                    }
                }
            })
    }

    /// - Parameter ids: of images, in an order that everybody keeps, so that two never wait for each other.
    private func during<Value: Sendable>(
        _ ids: [String], isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Value
    ) async throws -> Value {
        for id in ids { await turns.take(id) }
        let result: Result<Value, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        for id in ids { await turns.pass(id) }
        return try result.get()
    }

    private func unstage(_ id: String, ifLastIs entry: PublicationEntry) async throws {
        let (users, volume) = try await ledger.read { (try $0.publications(ofVolume: id), try $0.volume(id)) }
        let others = users.filter { ($0.podUID, $0.volumeName) != (entry.podUID, entry.volumeName) }
        guard others.isEmpty, volume?.kind == .localImage else { return }
        do {
            _ = try await ledger.bracket(
                Intent(.unstageVolume, subject: id), effect: { try await effects.localVolumes.unstage(id) })
        } catch VolumeError.busy {
            // Somebody on the node looks into it, which is no reason to hold the pod's end up: it stays mounted, the next pod
            // finds it so, and its deletion waits and says who has it.
        }
    }

    // MARK: Requests

    private func request(
        for volume: KubeAPI.Volume, of pod: Pod, objects: ReferencedObjects, podIPs: [String], on node: NodeFacts
    ) async throws -> (VolumeRequest, renewAt: Date?) {
        if let request = try VolumeRequest(volume, in: pod.spec) { return (request, nil) }
        if let source = volume.persistentVolumeClaim {
            let persistent = try await claims.volume(claim: source.claimName, of: pod)
            return (try VolumeRequest(volume.name, from: persistent, isReadOnly: source.readOnly), nil)
        }
        if volume.ephemeral != nil {
            let claim = VolumeRequest.ephemeralClaimName(pod: pod.metadata.name, volume: volume.name)
            return (try VolumeRequest(volume.name, from: try await claims.volume(claim: claim, of: pod), isReadOnly: false), nil)
        }
        do {
            let (tokens, renewAt) = try await tokens.tokens(for: volume, of: pod)
            guard let files = try projectedFiles(for: volume, in: pod, objects: objects, podIPs: podIPs, tokens: tokens, on: node) else {
                throw VolumeTrouble.unsupported(volume: volume.name)
            }
            return (VolumeRequest(name: volume.name, source: .files(files, plugin: volume.filesPlugin)), renewAt)
        } catch let error as KubeClientError {
            throw VolumeTrouble.notMounted(volume: volume.name, cause: error)
        } catch let error as PlanningError {
            throw VolumeTrouble.notMounted(volume: volume.name, cause: error)
        }
    }
}

extension KubeAPI.Volume {
    /// Whose directory name the files of this volume lie under.
    var filesPlugin: String {
        if configMap != nil { return "configmap" }
        if secret != nil { return "secret" }
        return downwardAPI != nil ? "downward-api" : "projected"
    }
}

extension VolumeRequest {
    var isLocalImage: Bool { if case .localImage = source { true } else { false } }

    /// As `PublishedVolume` names it, known before the effect.
    var kind: String {
        switch source {
        case .emptyDirectory, .memory, .hugePages: "emptyDir"
        case .hostPath: "hostPath"
        case .image: "image"
        case .localImage, .directory: "persistentVolumeClaim"
        case .files(_, let plugin): ["configmap": "configMap", "secret": "secret", "downward-api": "downwardAPI"][plugin] ?? "projected"
        }
    }

    var volumeID: String {
        switch source {
        case .localImage(let id), .image(_, let id): id
        case .directory(_, _, let volume, _): volume
        case .emptyDirectory, .memory, .hugePages, .hostPath, .files: ""
        }
    }
}

extension VolumeEntry {
    /// A directory of a PersistentVolume that somebody else made; nil for any other source.
    init?(firstUseOf request: VolumeRequest, identity: SourceIdentity?) {
        guard case .directory(let path, _, let volume, let claim) = request.source, let identity else { return nil }
        self.init(
            id: volume, kind: .hostPath, state: .provisioned, persistentVolume: volume, claimUID: claim, source: path,
            identity: identity, createdAt: Date())
    }

    /// Whether it tells of the request's source. A PersistentVolume made again under its name, for another claim or at another
    /// place, is another volume.
    func isOf(_ request: VolumeRequest) -> Bool {
        guard case .directory(let path, _, let volume, let claim) = request.source else { return id == request.volumeID }
        return id == volume && source == path && claimUID == claim
    }
}

extension Pod {
    var fsGroup: FSGroup? {
        spec.securityContext.fsGroup.flatMap(UInt32.init(exactly:)).map {
            FSGroup(id: $0, onRootMismatch: spec.securityContext.fsGroupChangePolicy == "OnRootMismatch")
        }
    }
}
