package import FoundationEssentials
import KubeAPI
package import PodPlanning
package import SandboxPlan

/// What the agent keeps of a pod from one life of the daemon to the next, beside the pod itself.
package struct PodMemory: Codable, Hashable, Sendable {
    package var record: PodRecord
    /// One per probe of a running container.
    package var probes: [ProbeMachine] = []
    /// Host ids set aside for the pod's users, when `hostUsers` is false; from before its first sandbox until its last remains are gone.
    package var userMapping: IDMapping?
    /// What keeps its processes and files from other pods', where the node has SELinux; for as long.
    package var categories: SELinuxCategories?
    /// Everything of the pod that was on this node is gone again.
    package var isCleanedUp = false

    package init(record: PodRecord) { self.record = record }

    /// Its sandbox and volumes were there once, and so every object it names, or the knowledge that there is none.
    package var hasBeenSetUp: Bool { record.sandbox != .none(attempt: 0) || !record.containers.isEmpty }

    package init(stored: Data) throws { self = try JSONDecoder().decode(PodMemory.self, from: stored) }
    package func stored() throws -> Data { try JSONEncoder().encode(self) }

    package subscript(kind: ProbeMachine.Kind, run: ContainerRun, container name: String) -> ProbeMachine {
        get {
            probes.first { $0.kind == kind && $0.containerID == run.id }
                ?? ProbeMachine(kind, container: name, containerID: run.id, startedAt: run.startedAt)
        }
        set {
            if let index = probes.firstIndex(where: { $0.kind == kind && $0.containerID == run.id }) {
                probes[index] = newValue
            } else {
                probes.append(newValue)
            }
        }
    }

    /// Forgets the probes of runs that are over.
    package mutating func dropOldProbes() {
        let running = Set(record.containers.values.compactMap { $0.current.flatMap { $0.end == nil ? $0.id : nil } })
        probes.removeAll { !running.contains($0.containerID) }
    }
}

extension PodStatus {
    private static let ownConditions = PodConditions.owned

    /// The pod is being made ready and nothing has gone wrong so far: what there is to tell of it is out of date in a moment.
    package var isOnItsWay: Bool {
        guard phase == "Pending", reason.isEmpty, message.isEmpty else { return false }
        return (initContainerStatuses + containerStatuses).allSatisfy { container in
            guard container.restartCount == 0 else { return false }
            if let waiting = container.state.waiting { return ["ContainerCreating", "PodInitializing"].contains(waiting.reason) && waiting.message.isEmpty }
            return container.state.terminated.map { $0.exitCode == 0 } ?? true
        }
    }

    /// This status, which the agent computed, with what others have meanwhile written to the API server's.
    func adoptingForeignConditions(of published: PodStatus) -> PodStatus {
        var status = self
        status.conditions =
            published.conditions.filter { !Self.ownConditions.contains($0.type) }
            + conditions.filter { Self.ownConditions.contains($0.type) }
        status.nominatedNodeName = published.nominatedNodeName
        return status
    }

    /// Somebody else has changed a condition of ours since we did, as the node controller does with Ready when it has not
    /// heard of the node for a while. What is merely older on the server is a patch of ours that has not arrived yet.
    func isContradicted(by server: PodStatus) -> Bool {
        server.conditions.contains { theirs in
            guard Self.ownConditions.contains(theirs.type), let ours = conditions.first(where: { $0.type == theirs.type }),
                ours.status != theirs.status, let since = ours.lastTransitionTime, let changed = theirs.lastTransitionTime
            else { return false }
            return changed.date > since.date
        }
    }
}
