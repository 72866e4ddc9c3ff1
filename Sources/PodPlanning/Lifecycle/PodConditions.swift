import FoundationEssentials
import KubeAPI

/// The conditions the agent owns, after those it found and does not own.
/// Source: Kubernetes, "Pod Lifecycle", "Pod conditions"; reasons and messages are kubelet's.
package struct PodConditions {
    let pod: Pod
    let record: PodRecord
    /// With phase and container statuses already decided.
    let status: PodStatus
    let now: Date

    package static let owned: Set<String> = [
        "PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled", "PodResizePending", "PodResizeInProgress",
        "AllContainersRestarting",
    ]

    func all() -> [PodCondition] {
        // Others may have a reason to disrupt the pod as well; the node's own is final.
        let foreign = pod.status.conditions.filter { !Self.owned.contains($0.type) && (record.disruption == nil || $0.type != "DisruptionTarget") }
        let disruption = record.disruption.map {
            [PodCondition(type: "DisruptionTarget", status: "True", reason: $0.reason, message: $0.message)]
        } ?? []
        let containersReady = containersReady()
        let standing = [
            readyToStart(), initialized(), ready(containersReady, foreign), containersReady, PodCondition(type: "PodScheduled", status: "True"),
        ]
        return foreign + (disruption + resize() + restarting() + standing).map(dated)
    }

    /// Present only while there is something to say.
    private func resize() -> [PodCondition] {
        var conditions: [PodCondition] = []
        if let pending = record.resizePending {
            conditions.append(PodCondition(type: "PodResizePending", status: "True", reason: pending.reason, message: pending.message))
        }
        if let error = record.resizeError {
            conditions.append(PodCondition(type: "PodResizeInProgress", status: "True", reason: "Error", message: error))
        } else if record.isResizing {
            conditions.append(PodCondition(type: "PodResizeInProgress", status: "True"))
        }
        return conditions
    }

    /// Of pods whose rules can have all containers start anew.
    private func restarting() -> [PodCondition] {
        let type = "AllContainersRestarting"
        guard pod.spec.mayRestartAll else { return [] }
        if status.phase == "Succeeded" { return [PodCondition(type: type, status: "False", reason: "PodCompleted")] }
        if status.phase == "Failed" { return [PodCondition(type: type, status: "False", reason: "PodFailed")] }
        guard record.isRestartingAll(pod.spec) else { return [PodCondition(type: type, status: "False")] }
        return [
            PodCondition(
                type: type, status: "True", reason: "RestartAllContainersStarted", message: "container exited with restart policy rule")
        ]
    }

    /// The time of the last change of `status`, and the generation it speaks of.
    private func dated(_ condition: PodCondition) -> PodCondition {
        var condition = condition
        let old = pod.status.conditions.first { $0.type == condition.type }
        condition.lastTransitionTime = old.flatMap { $0.status == condition.status ? $0.lastTransitionTime : nil } ?? Timestamp(now)
        condition.lastProbeTime = old?.lastProbeTime
        condition.observedGeneration = pod.metadata.generation > 0 ? pod.metadata.generation : nil
        return condition
    }

    private func readyToStart() -> PodCondition {
        PodCondition(type: "PodReadyToStartContainers", status: record.sandbox.isReady ? "True" : "False")
    }

    private func initialized() -> PodCondition {
        if status.phase == "Succeeded" { return PodCondition(type: "Initialized", status: "True", reason: "PodCompleted") }
        let hasStarted = status.containerStatuses.contains { $0.state.running != nil || $0.state.terminated != nil || $0.lastState.terminated != nil }
        let incomplete = zip(pod.spec.initContainers, status.initContainerStatuses)
            .filter { container, status in container.isSidecar ? status.started != true : !status.ready }
            .map(\.0.name)
        if incomplete.isEmpty || hasStarted { return PodCondition(type: "Initialized", status: "True") }
        return PodCondition(
            type: "Initialized", status: "False", reason: "ContainersNotInitialized",
            message: "containers with incomplete status: [\(incomplete.joined(separator: " "))]")
    }

    private func containersReady() -> PodCondition {
        let type = "ContainersReady"
        // Before its phase says so: it serves no more while its containers end.
        if record.failure != nil { return PodCondition(type: type, status: "False", reason: "PodFailed") }
        switch status.phase {
        case "Succeeded": return PodCondition(type: type, status: "False", reason: "PodCompleted")
        case "Failed": return PodCondition(type: type, status: "False", reason: "PodFailed")
        default: break
        }
        let sidecars = zip(pod.spec.initContainers, status.initContainerStatuses).filter(\.0.isSidecar).map(\.1)
        let byName = Dictionary(status.containerStatuses.map { ($0.name, $0.ready) }, uniquingKeysWith: { first, _ in first })
        let unready = sidecars.filter { !$0.ready }.map(\.name) + pod.spec.containers.map(\.name).filter { byName[$0] != true }
        if unready.isEmpty { return PodCondition(type: type, status: "True") }
        return PodCondition(
            type: type, status: "False", reason: "ContainersNotReady",
            message: "containers with unready status: [\(unready.joined(separator: " "))]")
    }

    private func ready(_ containersReady: PodCondition, _ foreign: [PodCondition]) -> PodCondition {
        guard containersReady.status == "True" else {
            return PodCondition(type: "Ready", status: "False", reason: containersReady.reason, message: containersReady.message)
        }
        let missing = pod.spec.readinessGates.compactMap { gate -> String? in
            guard let condition = foreign.first(where: { $0.type == gate.conditionType }) else {
                return "corresponding condition of pod readiness gate \"\(gate.conditionType)\" does not exist."
            }
            return condition.status == "True"
                ? nil : "the status of pod readiness gate \"\(gate.conditionType)\" is not \"True\", but \(condition.status)"
        }
        if missing.isEmpty { return PodCondition(type: "Ready", status: "True") }
        return PodCondition(type: "Ready", status: "False", reason: "ReadinessGatesNotReady", message: missing.joined(separator: ", "))
    }
}
