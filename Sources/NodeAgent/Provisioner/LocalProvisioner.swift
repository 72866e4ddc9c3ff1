import FoundationEssentials
import KubeAPI
package import KubeClient
package import Ledger
package import Logging
package import Volumes

/// The controller behind StorageClasses of `berth.io/local`: makes volumes for claims that are to live on this node, grows
/// them with their claims, and takes them back when their claims are gone.
///
/// Watches claims, classes and volumes, compares what is wanted with what is, and does what differs. It needs rights that
/// a node has not (volumes of the whole cluster), so it may be given a client of its own.
package actor LocalProvisioner {
    private let effects: ProvisionerEffects
    private let client: KubeClient
    private let logger: Logger
    private var view: ProvisionerView
    private var isListed: (claims: Bool, classes: Bool, volumes: Bool) = (false, false, false)
    /// Keys of actions under way, or waiting to be tried again.
    private var underWay: Set<String> = []
    private var failures: [String: RetryDelay] = [:]
    private let changes: AsyncStream<Void>
    private let changed: AsyncStream<Void>.Continuation

    /// - Parameters:
    ///   - nodeName: this node's `kubernetes.io/hostname`.
    ///   - takesUnplaced: also make volumes of classes that bind at once; for a node of its own.
    ///   - retention: how long a deleted volume stays in the trash.
    package init(
        client: KubeClient, store: LocalVolumeStore, ledger: Ledger, events: EventRecorder, nodeName: String, takesUnplaced: Bool,
        retention: Duration = .seconds(72 * 3600), logger: Logger
    ) {
        self.client = client
        self.logger = logger
        view = ProvisionerView(nodeName: nodeName, takesUnplaced: takesUnplaced)
        effects = ProvisionerEffects(
            client: client, store: store, ledger: ledger, events: events, nodeName: nodeName, retention: retention, logger: logger)
        (changes, changed) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Runs until cancelled.
    package func run() async {
        await effects.recover()
        await withDiscardingTaskGroup { group in
            group.addTask { await Informer(PersistentVolumeClaim.self, client: self.client).run { await self.take($0, \.claims) } }
            group.addTask { await Informer(StorageClass.self, client: self.client).run { await self.take($0, \.classes) } }
            group.addTask { await Informer(PersistentVolume.self, client: self.client).run { await self.take($0, \.volumes) } }
            group.addTask { await self.effects.purgeRegularly() }
            for await _ in changes {
                for action in takeDue() { group.addTask { await self.perform(action) } }
            }
        }
    }

    /// Nothing is decided before everything is listed: a volume that is not in yet would be made twice.
    private func takeDue() -> [ProvisionerAction] {
        guard isListed == (true, true, true) else { return [] }
        return view.actions().filter { underWay.insert($0.key).inserted }
    }

    private func perform(_ action: ProvisionerAction) async {
        do {
            for volume in try await effects.perform(action, among: view.volumes, besides: underWay) { keep(volume) }
            failures[action.key] = nil
        } catch is CancellationError {
            return
        } catch {
            effects.report(error, during: action)
            var delay = failures[action.key] ?? RetryDelay()
            let wait = delay.next()
            failures[action.key] = delay
            // Ends early only by cancellation, and then everything does.
            try? await Task.sleep(for: wait)
        }
        underWay.remove(action.key)
        changed.yield()
    }

    /// What was just written counts before the watch brings it back.
    private func keep(_ volume: PersistentVolume) {
        view.volumes.removeAll { $0.metadata.name == volume.metadata.name }
        view.volumes.append(volume)
    }

    private func take<Object: KubeObject>(_ change: InformerChange<Object>, _ path: WritableKeyPath<ProvisionerView, [Object]>) {
        switch change {
        case .replaced(let objects, _):
            view[keyPath: path] = objects
            if Object.self == PersistentVolumeClaim.self { isListed.claims = true }
            if Object.self == StorageClass.self { isListed.classes = true }
            if Object.self == PersistentVolume.self { isListed.volumes = true }
        case .applied(let object):
            view[keyPath: path].removeAll { $0.metadata.uid == object.metadata.uid }
            view[keyPath: path].append(object)
        case .deleted(let object):
            view[keyPath: path].removeAll { $0.metadata.uid == object.metadata.uid }
        }
        changed.yield()
    }
}
