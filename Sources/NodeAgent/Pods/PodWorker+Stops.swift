import ContainerRuntime
import FoundationEssentials
import Glibc
import KubeAPI
import PodPlanning

/// How far the ending of a container is. It survives an interruption, for instance by a shorter grace period.
struct ContainerStop: Sendable {
    var runID: String
    var begunAt: Date
    var isHookDone = false
    /// When the stop signal was sent.
    var signalledAt: Date?
}

extension PodWorker {
    /// preStop hook, stop signal, grace, SIGKILL. Returns early when interrupted; the next step then begins it again from
    /// where it was.
    func stop(_ name: String, _ reason: KillReason) async {
        guard let run = memory.record[container: name].current, run.end == nil, let sandbox else { return }
        let plan = terminationPlan(for: container(name), in: pod, reason: reason)
        var stop = stops[name].flatMap { $0.runID == run.id ? $0 : nil } ?? begin(stopping: name, run, reason)

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
        let window = plan.signalWindow(afterHook: (stop.signalledAt ?? Date()).timeIntervalSince(stop.begunAt))
        if window > 0 {
            if stop.signalledAt == nil {
                stop.signalledAt = Date()
                stops[name] = stop
                await sandbox.signal(run.id, plan.stopSignal, wholeCgroup: false)
            }
            let left = (stop.signalledAt ?? Date()).addingTimeInterval(window).timeIntervalSinceNow
            if left > 0 {
                // Interrupted by the exit, or by a newer grace period: either way the next step decides.
                do { try await Task.sleep(for: .seconds(left)) } catch { return }
            }
            guard memory.record[container: name].current?.id == run.id, memory.record[container: name].isRunning else { return }
        }
        await sandbox.signal(run.id, SIGKILL, wholeCgroup: true)
        // The exit interrupts this; a process the kernel cannot end yet is killed again.
        do { try await Task.sleep(for: .seconds(10)) } catch { return }
    }

    private func begin(stopping name: String, _ run: ContainerRun, _ reason: KillReason) -> ContainerStop {
        let stop = ContainerStop(runID: run.id, begunAt: Date())
        stops[name] = stop
        let message =
            switch reason {
            case .failedProbe(let sentence): sentence
            case .podEnding, .orphaned: "Stopping container \(name)"
            }
        node.events.record(.normal, "Killing", message, about: pod, container: name)
        return stop
    }
}
