import FoundationEssentials
import PodPlanning

/// The machine's end.
extension PodManager {
    /// Ends the containers of every pod, those of critical pods last. Returns when they have ended, or their time is over.
    func suspend(_ periods: ShutdownSettings) async {
        node.pressure.isShuttingDown = true
        for (isCritical, seconds) in [(false, periods.regular), (true, periods.critical)] {
            var group: [PodWorker] = []
            for worker in workers.values where await worker.pod.isCritical == isCritical { group.append(worker) }
            for worker in group { await worker.suspend(Int(seconds)) }
            await Self.quiet(group, within: .seconds(seconds))
            if Task.isCancelled { return }  // the machine goes down without us
        }
    }

    private static func quiet(_ workers: [PodWorker], within limit: Duration) async {
        await withTaskGroup { group in
            group.addTask {
                await withDiscardingTaskGroup { group in for worker in workers { group.addTask { await worker.quiet() } } }
            }
            // Ends early only by cancellation, and then everything does.
            group.addTask { try? await Task.sleep(for: limit) }
            await group.next()
            group.cancelAll()
        }
    }

    /// The machine stays up after all.
    func resume() async {
        node.pressure.isShuttingDown = false
        for worker in workers.values { await worker.suspend(nil) }
    }
}
