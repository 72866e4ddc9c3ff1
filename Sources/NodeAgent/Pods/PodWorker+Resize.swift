import ContainerRuntime
import FoundationEssentials
import KubeAPI
import LinuxSystem
import Logging
package import PodPlanning
import SandboxPlan

/// Changing the resources of a pod that runs. Source: KEP 1287, In-Place Update of Pod Resources.
extension PodWorker {
    /// What the node grants the pod, decided where all pods are known.
    package func take(_ grant: ResourceGrant) {
        newGrant = grant
        wake()
    }

    /// Writes a grant down before anything follows from it.
    func adopt(_ grant: ResourceGrant) async {
        let before = memory.record
        memory.record.allocation = grant.allocation
        memory.record.resizePending = grant.pending
        noteGranted()
        if let pending = grant.pending, pending != before.resizePending {
            node.events.record(.warning, "Resize\(pending.reason)", pending.message, about: pod)
        }
        guard grant.allocation != before.allocation || grant.pending != before.resizePending else { return }
        if let allocation = before.allocation, grant.allocation != allocation {
            memory.record.resizeError = nil
            resizeRetryAt = nil
            node.events.record(.normal, "ResizeStarted", "Pod resize started", about: pod)
        }
        await persist()
    }

    /// Begins with what a grant changes, unless that waits.
    ///
    /// - Returns: when it is tried again.
    func beginResize(_ now: Date) -> [Date] {
        guard memory.record.isResizing, !isDeleted, memory.record.failure == nil else { return [] }
        if let resizeRetryAt, resizeRetryAt.isAwaited(at: now) { return [resizeRetryAt] }
        begin(.resize) { await $0.resize() }
        return []
    }

    /// Writes to the cgroups of the pod, and has those containers restarted whose policy wants it.
    private func resize() async {
        // A restart under way is looked at again at its end; a refusal may be over by then.
        resizeRetryAt = Date().addingTimeInterval(5)
        let pod = granted
        let inForce = memory.record.allocationInForce ?? ResourceAllocation(of: pod.spec)
        for action in resizeActions(for: pod, inForce: inForce, record: memory.record, memoryInUse: memoryInUse(), on: node.facts) {
            switch action {
            case .restart(let name): memory.record[container: name].mustRestart = .resized
            case .refused(let message): failResize(message)
            case .write(let writes, let containers, let isComplete):
                do throws(SystemCallError) {
                    for write in writes {
                        do throws(SystemCallError) { try ControlFile.write(write.value.utf8, to: write.file) } catch where write.isOptional {}
                    }
                } catch {
                    failResize("\(error)")
                    continue
                }
                memory.record.resizeError = nil
                for name in containers { memory.record[container: name].current?.resources = pod.spec.container(name)?.resources }
                if isComplete { memory.record.allocationInForce = ResourceAllocation(of: pod.spec) }
            }
        }
        if !memory.record.isResizing { node.events.record(.normal, "ResizeCompleted", "Pod resize completed", about: pod) }
        await persist()
    }

    private func failResize(_ message: String) {
        if memory.record.resizeError != message { node.events.record(.warning, "ResizeError", message, about: pod) }
        memory.record.resizeError = message
    }

    /// Bytes by name of the containers that run.
    private func memoryInUse() -> [String: Int] {
        let path = cgroupPath(of: pod)
        var used: [String: Int] = [:]
        for (name, progress) in memory.record.containers {
            guard let run = progress.current, run.end == nil else { continue }
            // A cgroup that is gone uses nothing any more.
            used[name] = CgroupStatistics(of: "\(path)/\(run.id)", in: node.facts.cgroups).map { Int(clamping: $0.memoryUsageBytes) }
        }
        return used
    }
}

extension PodSpec {
    func container(_ name: String) -> Container? { allContainers.first { $0.name == name } }
}
