import ContainerRuntime
import FoundationEssentials
package import KubeAPI
import Ledger
import LinuxSystem
import Logging
import PodPlanning
package import SandboxPlan

/// Brings one pod to where its spec wants it, and keeps it there.
///
/// Level-triggered: whatever happens changes the memory and wakes the worker, `step` asks `podActions` what follows from
/// the memory, and each answer becomes a piece of work that changes the memory again. Decisions are made between two
/// `await`s; the work runs beside them, at most one piece of each kind.
package actor PodWorker {
    package nonisolated let identity: PodIdentity
    /// It comes from a manifest of this node.
    nonisolated let isStatic: Bool
    /// Under which the API server knows a static pod; nil while it does not.
    var mirrorUID: String?
    let node: NodeServices
    let logger: Logger

    var pod: Pod
    var memory: PodMemory
    var objects: ObjectSnapshot
    /// It has asked for the objects that its spec names.
    var followsObjects = false
    var sandbox: Sandbox?
    /// Whose connection has ended, until that is seen to.
    private var lostConnection: Sandbox?
    /// When `sandbox` was connected.
    var connectedAt = Date.distantPast
    var volumes: [String: MountedVolume] = [:]
    /// When the tokens among the volumes are to be renewed, or files written that could not be.
    var renewVolumesAt: Date?
    /// What the running containers were started with.
    var plans: [String: ContainerPlan] = [:]
    /// Who follows the log of a run, and wants to know its end.
    var endWaiters: [String: [AsyncStream<Void>.Continuation]] = [:]
    /// Counts the versions of the pod's row, and which of them the ledger has: without its row, a pod is not begun.
    var rowVersion = 0
    var storedRowVersion = -1
    var isStored: Bool { storedRowVersion == rowVersion }
    /// Results of effects, by the intent they end: written down with the memory that follows from them.
    var unwritten: [OpenIntent: @Sendable (LedgerTransaction) throws -> Void] = [:]
    /// When to write down again what the ledger would not take.
    var saveRetryAt: Date?
    /// Failed attempts to set the pod up in a row.
    var setUpFailures = 0
    /// Plugins may have done something for the pod that no row tells of: they failed half way, or the daemon died behind them.
    var mayHoldNetwork = false
    /// The network in the ledger is an earlier sandbox's, even if this one's supervisor has the process id of that one's.
    var holdsOldNetwork = false
    /// How far the ending of each container is.
    var stops: [String: ContainerStop] = [:]
    /// Runs whose start is not written down yet, each with its end, should that come first.
    var starting: [String: ContainerExit?] = [:]
    /// Starts that wait for an image, which are broken off when the pod ends.
    var pulling: Set<String> = []
    /// Starts that wait for the end of a postStart hook, which are broken off when the container ends.
    var runningPostStart: Set<String> = []
    /// The last status put into the outbox.
    var published: PodStatus?
    /// The API server no longer has the pod, or never will again.
    private(set) var isGoneUpstream = false
    /// A newer version of the pod, and a newer grant, that the loop has not looked at yet.
    private var news: Pod?
    var newGrant: ResourceGrant?
    /// The node has granted other resources than the spec names.
    private var isGrantOther = false
    /// While the machine goes down: the seconds containers get at most.
    var suspendedGrace: Int?
    /// When a resize is carried on with.
    var resizeRetryAt: Date?
    /// Told once nothing of the pod runs or will.
    let ended: @Sendable (PodIdentity) async -> Void
    var hasEnded: Bool { didSet { if hasEnded { releaseWaiting() } } }
    /// Who waits for that.
    private var waitingForEnd: [CheckedContinuation<Void, Never>] = []
    private var hasStopped = false
    var finishRetryAt: Date?
    var hasAskedForDeletion = false

    private(set) var work: [Work: Task<Void, Never>] = [:]
    private var timer: Task<Void, Never>?
    private var sandboxEvents: Task<Void, Never>?
    private let wakeups: AsyncStream<Void>
    private let waker: AsyncStream<Void>.Continuation

    enum Work: Hashable {
        case setUp
        case start(String)
        case stop(String)
        case resize
        case probe(String, ProbeMachine.Kind)
        case refreshVolumes
        case reconnect
        case finish
        /// Only writes the memory down.
        case record
        /// The same after a setup, while the first containers are made ready.
        case recordSetUp
    }

    /// - Parameters:
    ///   - memory: from the ledger, or new.
    ///   - objects: as the ledger remembers them; incomplete for a pod that is new.
    ///   - isStatic: it comes from a manifest of this node, and its uid is unknown to the API server.
    ///   - published: the status last put into the outbox.
    ///   - ended: told once, when nothing of the pod runs or will, and before anybody upstream is told.
    package init(
        pod: Pod, isStatic: Bool = false, memory: PodMemory, objects: ObjectSnapshot, published: PodStatus?, node: NodeServices,
        ended: @escaping @Sendable (PodIdentity) async -> Void
    ) {
        self.ended = ended
        hasEnded = published?.isTerminal ?? false
        self.isStatic = isStatic
        identity = PodIdentity(uid: pod.metadata.uid, namespace: pod.metadata.namespace, name: pod.metadata.name)
        self.node = node
        var logger = node.logger
        logger[metadataKey: "pod.uid"] = "\(identity.uid)"
        logger[metadataKey: "pod.name"] = "\(identity.namespace)/\(identity.name)"
        self.logger = logger
        self.pod = pod
        self.memory = memory
        self.objects = objects
        self.published = published
        if let published { self.pod.status = published }
        (wakeups, waker) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        isGrantOther = memory.record.allocation.map { $0 != ResourceAllocation(of: pod.spec) } ?? false
    }

    // MARK: What happens to the pod

    /// The API server's newest version of it, to be taken up by the loop.
    ///
    /// - Returns: whether the resources it asks for have to be looked at again: its spec is new, or has not been granted as it is.
    @discardableResult
    package func enqueue(_ newer: Pod) -> Bool {
        defer {
            news = newer
            wake()
        }
        return isGrantOther || memory.record.resizePending != nil || newer.spec != (news ?? pod).spec
    }

    /// The pod with the resources that the node has granted it: what plans are made from.
    var granted: Pod { isGrantOther ? memory.record.allocation?.applied(to: pod) ?? pod : pod }

    func noteGranted() { isGrantOther = memory.record.allocation.map { $0 != ResourceAllocation(of: pod.spec) } ?? false }

    private func update(_ newer: Pod) async {
        let wasDeleting = pod.metadata.deletionTimestamp != nil
        let grace = pod.metadata.deletionGracePeriodSeconds
        let own = pod.status
        let (old, spec) = (pod.metadata, pod.spec)
        if let known = published, known.isContradicted(by: newer.status) { published = nil }
        pod = newer
        // It has been taken away since this version of it was sent.
        if isGoneUpstream, !isDeleted { pod.metadata.deletionTimestamp = old.deletionTimestamp }
        pod.status = own.phase.isEmpty ? newer.status : own.adoptingForeignConditions(of: newer.status)
        // Nothing but a status has changed, mostly to the one that was sent from here: what is written down still holds.
        if followsObjects, isStored, newer.spec == spec, newer.metadata.isSame(as: old) { return await publishStatus() }
        noteGranted()
        rowVersion += 1
        await persist()
        // A shorter grace period counts for stops under way as well.
        if !wasDeleting || grace != newer.metadata.deletionGracePeriodSeconds { interruptStops() }
        await followObjects()
        if newer.metadata.labels != old.labels || newer.metadata.annotations != old.annotations { beginRefresh() }
        await publishStatus()
    }

    /// Seconds that are left to a pod whose object was taken away before it had ended. Source: kubelet `minimumGracePeriodInSeconds`.
    private static let forcedGrace = 2

    /// The API server no longer has the pod: it ends here too, without a word upstream. If it was ending already, somebody does
    /// not want to wait any longer, and maybe its successor is to start.
    package func deletedUpstream() {
        guard !isGoneUpstream else { return }
        isGoneUpstream = true
        if pod.metadata.deletionTimestamp == nil {
            pod.metadata.deletionTimestamp = Timestamp(Date())
        } else {
            memory.record.graceLimit = min(memory.record.graceLimit ?? Self.forcedGrace, Self.forcedGrace)
            interruptStops()
        }
        // Else it would begin anew if the node went down before its end.
        rowVersion += 1
        begin(.record) { await $0.persist() }
        wake()
    }

    /// A static pod has another mirror now, which knows nothing of it yet.
    func mirrored(as uid: String?) {
        guard uid != mirrorUID else { return }
        mirrorUID = uid
        guard uid != nil else { return }
        published = nil
        begin(.record) { await $0.persist() }
    }

    func receive(_ snapshot: ObjectSnapshot) async {
        guard snapshot.version >= objects.version else { return }
        let before = objects
        objects = snapshot
        // What begins now is written down after the objects: this actor lets others in once they are on their way to the disk.
        wake()
        await remember(snapshot, insteadOf: before)
        if !snapshot.hasSameObjects(as: before) { beginRefresh() }
        wake()
    }

    /// The files among the volumes follow their sources. Before the setup they are not there, during it come up to date, and
    /// when they are taken away they shall not come back.
    private func beginRefresh() {
        guard memory.record.sandbox.isReady, !memory.isCleanedUp, !isWorking(on: .finish), pod.hasFileVolumes || !hasAllVolumes else { return }
        renewVolumesAt = nil
        begin(.refreshVolumes) { await $0.refreshVolumes() }
    }

    /// Takes over a sandbox: a new one, or one that outlived the last daemon.
    func adopt(_ sandbox: Sandbox) {
        self.sandbox = sandbox
        connectedAt = Date()
        sandboxEvents?.cancel()
        // Ends with the sandbox's events, or in `stopWorking`.
        sandboxEvents = Task {
            for await event in sandbox.events {
                switch event {
                case .exited(let exit): await self.containerExited(exit, in: sandbox)
                case .warning(let id, let message): self.note(warning: message, run: id)
                case .sandboxLost: self.disconnected(from: sandbox)
                }
            }
        }
    }

    /// Seen to by the loop, also when another connection is being made just then.
    func disconnected(from sandbox: Sandbox) {
        lostConnection = sandbox
        wake()
    }

    func dropSandbox() {
        sandboxEvents?.cancel()
        sandboxEvents = nil
        sandbox = nil
    }

    private func note(warning message: String, run id: String) {
        logger.warning("container started with less than planned", metadata: ["container.id": "\(id)", "warning": "\(message)"])
    }

    func sandboxLost(cause: any Error) async {
        logger.warning("sandbox lost", metadata: ["error": "\(cause)"])
        node.events.record(.normal, "SandboxChanged", "Pod sandbox changed, it will be killed and re-created.", about: pod)
        dropSandbox()
        memory.record.sandboxLost(at: Date())
        for name in runningPostStart { work[.start(name)]?.cancel() }
        await persist()
    }

    // MARK: The loop

    package func wake() { waker.yield() }

    /// Works until the pod is gone and cleaned up, or until cancelled: then the pod is left running as it is.
    ///
    /// - Returns: true when nothing of the pod remains on this node.
    package func run() async -> Bool {
        wake()
        for await _ in wakeups {
            if let newer = news {
                news = nil
                // A task keeps the largest frame that it ever had: twenty kilobytes for each pod, were this in the loop's own.
                async let updated: Void = update(newer)
                await updated
            }
            if let grant = newGrant {
                newGrant = nil
                await adopt(grant)
            }
            if Task.isCancelled { break }
            step()
            if memory.isCleanedUp, isGoneUpstream, work.isEmpty { break }
        }
        await stopWorking()
        guard memory.isCleanedUp, isGoneUpstream else { return false }
        // Of a pod that was over before it was deleted they were kept until now.
        do throws(SystemCallError) {
            try removeLogs()
        } catch {
            logger.warning("logs stay behind", metadata: ["error": "\(error)"])
        }
        return true
    }

    private func stopWorking() async {
        timer?.cancel()
        sandboxEvents?.cancel()
        for task in work.values { task.cancel() }
        for task in work.values { await task.value }
        hasStopped = true
        releaseWaiting()
    }

    /// Returns when nothing of the pod runs or will, or nobody looks after it any more.
    func waitUntilEnded() async {
        if hasEnded || hasStopped { return }
        await withCheckedContinuation { waitingForEnd.append($0) }
    }

    private func releaseWaiting() {
        for continuation in waitingForEnd { continuation.resume() }
        waitingForEnd = []
    }

    private func step() {
        // Its end wakes the loop again, and then it is known what there is.
        guard !isWorking(on: .reconnect) else { return }
        if let lost = lostConnection {
            lostConnection = nil
            return begin(.reconnect) { await $0.reconnect(lost) }
        }
        let now = Date()
        var wakeAt = beginResize(now)
        let isSuspended = suspendedGrace != nil && !isDeleted && memory.record.failure == nil
        for action in isSuspended ? suspensionActions(for: pod, record: memory.record) : podActions(for: pod, record: memory.record, now: now) {
            switch action {
            case .createSandbox(let attempt):
                if objects.isComplete, isStored { begin(.setUp) { await $0.setUp(attempt: attempt) } }
            case .start(let name):
                // Its pod's cgroup makes room first.
                if objects.isComplete, !isWorking(on: .resize) { begin(.start(name)) { await $0.start(name) } }
            case .kill(let name, let reason):
                begin(.stop(name)) { await $0.stop(name, reason) }
            case .restartAll:
                memory.record.beginRound()
                node.events.record(.normal, "RestartAllContainers", "All containers of the pod are started anew", about: pod)
                begin(.record) { await $0.persist() }
            case .fail(let failure):
                memory.record.failure = failure
                node.events.record(.warning, failure.reason, failure.message, about: pod)
                begin(.record) { await $0.persist() }
            case .finish: wakeAt += finishWhenQuiet(now)
            case .wake(let date): wakeAt.append(date)
            }
        }
        if memory.record.isTerminal, !memory.isCleanedUp { wakeAt += finishWhenQuiet(now) }
        if memory.record.isTerminal, memory.isCleanedUp, isDeleted, !hasAskedForDeletion, !isGoneUpstream {
            if let finishRetryAt, finishRetryAt.isAwaited(at: now) { wakeAt.append(finishRetryAt) } else { begin(.finish) { await $0.askForDeletion() } }
        }
        wakeAt += beginProbes(now)
        if let saveRetryAt {
            if saveRetryAt.isAwaited(at: now) { wakeAt.append(saveRetryAt) } else { begin(.record) { await $0.persist() } }
        }
        if let renewVolumesAt, memory.record.sandbox.isReady, !memory.isCleanedUp, objects.isComplete {
            if renewVolumesAt <= now { beginRefresh() } else { wakeAt.append(renewVolumesAt) }
        }
        schedule(wakeAt.min())
    }

    var isDeleted: Bool { pod.metadata.deletionTimestamp != nil }

    /// Starts a piece of work unless one of its kind is under way; its end wakes the worker.
    func begin(_ kind: Work, _ body: @escaping @Sendable (PodWorker) async -> Void) {
        guard work[kind] == nil else { return }
        // Ended and awaited by `stopWorking`.
        work[kind] = Task {
            await body(self)
            self.work[kind] = nil
            self.wake()
        }
    }

    func isWorking(on kind: Work) -> Bool { work[kind] != nil }

    private func schedule(_ date: Date?) {
        timer?.cancel()
        timer = nil
        guard let date else { return }
        let delay = max(date.timeIntervalSinceNow, 0.001)
        // Replaced by the next step, ended by `stopWorking`. Ending early only means that it was replaced.
        timer = Task {
            do { try await Task.sleep(for: .seconds(delay)) } catch { return }
            self.wake()
        }
    }
}
