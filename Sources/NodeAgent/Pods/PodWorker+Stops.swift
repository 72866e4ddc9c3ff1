import SandboxPlan
import Logging
import ContainerRuntime
import FoundationEssentials
import Glibc
import KubeAPI
import PodPlanning

/// How far the ending of a container is. It survives an interruption, for instance by a shorter grace period.
struct ContainerStop: Sendable {
    var runID: String
    var begunAt: Date
    /// Its pod ends or is suspended, and not only this container.
    var endsPod: Bool
    var isHookDone = false
    /// When the stop signal was sent.
    var signalledAt: Date?
}

extension PodWorker {
    /// preStop hook, stop signal, grace, SIGKILL. Returns early when interrupted; the next step then begins it again from
    /// where it was.
    func stop(_ name: String, _ reason: KillReason) async {
        guard let run = memory.record[container: name].current, run.end == nil, sandbox != nil else { return }
        let known = stops[name].flatMap { $0.runID == run.id ? $0 : nil }
        var stop = known ?? ContainerStop(runID: run.id, begunAt: Date(), endsPod: reason == .podEnding || reason == .nodeShutdown)
        let plan = TerminationPlan(
            of: container(name) ?? Container(), in: pod, imageSignal: run.stopSignal, reason: reason, elapsed: elapsed(before: stop),
            graceLimit: memory.record.graceLimit ?? suspendedGrace)
        if known == nil {
            stops[name] = stop
            node.events.record(.normal, "Killing", plan.message, about: pod, container: name)
        }

        if !stop.isHookDone {
            stop.isHookDone = true
            stops[name] = stop
            if let hook = plan.preStop, let container = container(name) {
                let result = await runHook(hook, of: container, timeout: plan.gracePeriod)
                if case .failed(let message) = result {
                    node.events.record(.warning, "FailedPreStopHook", "PreStopHook failed: \(message)", about: pod, container: name)
                }
            }
        }
        guard memory.record[container: name].current?.id == run.id, memory.record[container: name].isRunning else { return }
        // A grace period of zero means now.
        if plan.gracePeriod > 0 {
            let window = plan.signalWindow(afterHook: (stop.signalledAt ?? Date()).timeIntervalSince(stop.begunAt))
            if stop.signalledAt == nil {
                stop.signalledAt = Date()
                stops[name] = stop
                await send(plan.stopSignal, to: run)
            }
            // Of a clock that was set back since no more than the whole.
            let left = min((stop.signalledAt ?? Date()).addingTimeInterval(window).timeIntervalSinceNow, window)
            if left > 0 {
                // Interrupted by the exit, or by a newer grace period: either way the next step decides.
                do { try await Task.sleep(for: .seconds(left)) } catch { return }
            }
            guard memory.record[container: name].current?.id == run.id, memory.record[container: name].isRunning else { return }
        }
        await send(SIGKILL, to: run, wholeCgroup: true)
        // The exit interrupts this; a process the kernel cannot end yet is killed again.
        do { try await Task.sleep(for: .seconds(10)) } catch { return }
    }

    /// The stop under way begins again, with what it has done so far remembered in `stops`.
    func interruptStops() {
        for (kind, task) in work { if case .stop = kind { task.cancel() } }
    }

    /// What is being done to a container that has ended has no purpose left.
    func interruptWork(on name: String) {
        work[.stop(name)]?.cancel()
        if runningPostStart.contains(name) { work[.start(name)]?.cancel() }
    }

    /// The node ends the pod, which then has failed.
    ///
    /// - Parameters:
    ///   - grace: seconds its containers get at most.
    ///   - disruption: the condition DisruptionTarget; nil for a pod that broke its own limits.
    /// - Returns: false when it is ending already.
    func end(_ failure: PodFailure, grace: Int, disruption: PodFailure?) -> Bool {
        guard isActive else { return false }
        memory.record.failure = failure
        memory.record.graceLimit = grace
        memory.record.disruption = disruption
        logger.notice("pod ended by the node", metadata: ["reason": "\(failure.reason)", "message": "\(failure.message)"])
        node.events.record(.warning, failure.reason, failure.message, about: pod)
        begin(.record) { await $0.persist() }
        interruptStops()
        wake()
        return true
    }

    /// Its containers end, and start again after `suspend(nil)`, or with the machine.
    func suspend(_ grace: Int?) {
        suspendedGrace = grace
        if grace == nil { stops = [:] }
        interruptStops()
        wake()
    }

    /// Neither over nor about to be.
    var isActive: Bool { !isDeleted && !memory.record.isTerminal && memory.record.failure == nil }

    /// Ids of the containers that run, by name.
    var runs: [String: String] { memory.record.containers.compactMapValues { $0.isRunning ? $0.current?.id : nil } }

    /// Returns when no container runs, or when cancelled.
    func quiet() async {
        while let run = runs.values.first, !Task.isCancelled { for await _ in endings(ofRun: run) {} }
    }

    /// Seconds that containers which ended before this one have used of the pod's grace period.
    private func elapsed(before stop: ContainerStop) -> Double {
        // One that a probe had killed an hour ago has used none of it.
        guard let first = stops.values.filter(\.endsPod).map(\.begunAt).min() else { return 0 }
        return max(stop.begunAt.timeIntervalSince(first), 0)
    }

    func send(_ signal: CInt, to run: ContainerRun, wholeCgroup: Bool = false) async {
        guard let sandbox else { return }
        do throws(RuntimeError) {
            try await sandbox.signal(run.id, signal, wholeCgroup: wholeCgroup)
        } catch {
            logger.warning("signal not sent", metadata: ["container.id": "\(run.id)", "signal": "\(signal)", "error": "\(error)"])
            // Its time is over, and its supervisor does not end it: who is silent to a new connection too is ended with it.
            if signal == SIGKILL, error.isSilence { disconnected(from: sandbox) }
        }
    }
}
