package import FoundationEssentials
import KubeAPI
package import Logging

/// Runs the controllers: watches wake items, items are planned and carried out, one at a time each, side by side.
///
/// Nothing polls. A failed item is tried again after 5 ms, doubling to 5 minutes, or as soon as something concerning it changes.
package struct ControllerManager: Sendable {
    private let controllers: [any Controller]
    private let api: APIService
    private let performer: Performer
    private let logger: Logger
    private let now: @Sendable () -> Date

    package init(api: APIService, settings: ControllerSettings, logger: Logger, now: @escaping @Sendable () -> Date = { Date() }) {
        self.init(api: api, controllers: settings.controllers, logger: logger, now: now)
    }

    init(api: APIService, controllers: [any Controller], logger: Logger, now: @escaping @Sendable () -> Date = { Date() }) {
        self.controllers = controllers
        self.api = api
        self.logger = logger
        self.now = now
        performer = Performer(api: api, events: EventRecorder(api: api, logger: logger, now: now))
    }

    private struct Job: Hashable, Sendable {
        let controller: Int
        let item: WorkItem
    }

    private enum Signal: Sendable {
        case woken(Job)
        case ended(Job, succeeded: Bool, lookAgainAfter: Duration?)
    }

    /// What is known of a job between its runs.
    private struct Progress {
        var isRunning = false
        var isWokenAgain = false
        var failures = 0
        var timer: Task<Void, Never>?
    }

    /// Until cancelled.
    package func run() async {
        let (signals, sender) = AsyncStream.makeStream(of: Signal.self)
        await withDiscardingTaskGroup { group in
            group.addTask { await performer.events.run() }
            for resource in Set(controllers.flatMap(\.watched)) {
                group.addTask { await watch(resource, sender) }
            }
            for index in controllers.indices { sender.yield(.woken(Job(controller: index, item: .everything))) }
            var progress: [Job: Progress] = [:]
            for await signal in signals {
                switch signal {
                case .woken(let job):
                    var state = progress[job] ?? Progress()
                    if state.isRunning {
                        state.isWokenAgain = true
                    } else {
                        state.timer?.cancel()
                        state.timer = nil
                        state.isRunning = true
                        group.addTask { await run(job, sender) }
                    }
                    progress[job] = state
                case .ended(let job, let succeeded, let delay):
                    guard var state = progress[job] else { continue }
                    state.isRunning = false
                    state.failures = succeeded ? 0 : state.failures + 1
                    if state.isWokenAgain, succeeded || state.failures < 5 {
                        state.isWokenAgain = false
                        state.isRunning = true
                        progress[job] = state
                        group.addTask { await run(job, sender) }
                        continue
                    }
                    state.isWokenAgain = false
                    if let wait = succeeded ? delay : Self.backOff(state.failures) {
                        // Ends by itself, or is cancelled by the next wake-up or below.
                        state.timer = Task {
                            do { try await Task.sleep(for: wait) } catch { return }
                            sender.yield(.woken(job))
                        }
                    }
                    // Settled jobs need no memory.
                    progress[job] = state.timer == nil ? nil : state
                }
            }
            for state in progress.values { state.timer?.cancel() }
            group.cancelAll()
        }
    }

    static func backOff(_ failures: Int) -> Duration { min(.milliseconds(5 << min(failures - 1, 20)), .seconds(300)) }

    private func watch(_ resource: Resource, _ sender: AsyncStream<Signal>.Continuation) async {
        let concerned = controllers.indices.filter { controllers[$0].watched.contains(resource) }
        // A watch that fell behind ends; a new one begins with everything there is.
        while !Task.isCancelled {
            do throws(APIError) {
                for await event in try api.watch(resource) {
                    guard let object = event.object?.value else { continue }
                    for index in concerned {
                        let items = controllers[index].items(
                            concernedBy: object, of: resource, isGone: event.kind == .deleted, in: api.store)
                        for item in items { sender.yield(.woken(Job(controller: index, item: item))) }
                    }
                }
            } catch {
                logger.error("watch refused", metadata: ["resource": "\(resource.plural)", "error": "\(error)"])
                return
            }
        }
        sender.finish()
    }

    private func run(_ job: Job, _ sender: AsyncStream<Signal>.Continuation) async {
        let controller = controllers[job.controller]
        let plan = controller.plan(job.item, in: api.store, now: now())
        do throws(APIError) {
            try await performer.perform(plan.operations)
            sender.yield(.ended(job, succeeded: true, lookAgainAfter: plan.lookAgainAfter))
        } catch where error.isNamespaceTerminating {
            // What the plan is for is about to go as well.
            sender.yield(.ended(job, succeeded: true, lookAgainAfter: nil))
        } catch {
            if !error.isConflict {
                logger.warning(
                    "plan not carried out",
                    metadata: ["controller": "\(controller.name)", "item": "\(job.item.namespace)/\(job.item.name)", "error": "\(error)"])
            }
            sender.yield(.ended(job, succeeded: false, lookAgainAfter: nil))
        }
    }
}

/// What the controllers need to know about this cluster.
package struct ControllerSettings: Sendable {
    /// PEM of the authority that signed the API server's certificate, published to every namespace.
    package var rootCertificate: String
    /// Finished pods kept before the oldest are deleted.
    package var terminatedPodLimit = 1000
    /// How long an Event is kept.
    package var eventLifetime = Duration.seconds(3600)

    package init(rootCertificate: String) { self.rootCertificate = rootCertificate }

    var controllers: [any Controller] {
        [
            StatefulSetController(), DaemonSetController(), Scheduler(), ClaimBinder(), VolumeController(), EphemeralVolumes(),
            EndpointSliceController(),
            GarbageCollector(), NamespaceController(rootCertificate: rootCertificate), NodeLifecycle(), TaintEviction(),
            PodCollector(limit: terminatedPodLimit), EventCollector(lifetime: eventLifetime),
        ]
    }
}
