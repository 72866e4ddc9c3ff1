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
            let end = ContinuousClock.now + .seconds(seconds)
            while ContinuousClock.now < end {
                var isQuiet = true
                for worker in group where await !worker.runs.isEmpty { isQuiet = false }
                if isQuiet { break }
                try? await Task.sleep(for: .milliseconds(50))  // between two looks; cancelled, the machine goes down without us
                if Task.isCancelled { return }
            }
        }
    }

    /// The machine stays up after all.
    func resume() async {
        node.pressure.isShuttingDown = false
        for worker in workers.values { await worker.suspend(nil) }
    }
}
