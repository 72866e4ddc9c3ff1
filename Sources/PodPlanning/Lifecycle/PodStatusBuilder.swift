package import FoundationEssentials
package import KubeAPI

/// The status to publish. `pod.status` is the one last known to the API: conditions the agent does not own are kept from
/// it, and `lastTransitionTime` changes only with a condition's status. A terminal phase is never left again.
package func podStatus(of pod: Pod, from record: PodRecord, hostIPs: [String], now: Date) -> PodStatus {
    PodStatusBuilder(pod: pod, record: record, hostIPs: hostIPs, now: now).status()
}

struct PodStatusBuilder {
    let pod: Pod
    let record: PodRecord
    let hostIPs: [String]
    let now: Date

    func status() -> PodStatus {
        var status = pod.status
        let statuses = ContainerStatusBuilder(pod: pod, record: record, now: now)
        // Containers of a pod that was not admitted wait for nothing: kubectl would show that in place of the refusal.
        let isRefused = record.failure != nil && record.containers.values.allSatisfy { $0.current == nil }
        func all(_ containers: [Container], areInit: Bool = false) -> [ContainerStatus] {
            isRefused ? [] : containers.map { statuses.status(of: $0, isInit: areInit) }
        }
        status.initContainerStatuses = all(pod.spec.initContainers, areInit: true)
        // The API's consumers expect a stable order, by name.
        status.containerStatuses = all(pod.spec.containers).sorted { $0.name < $1.name }
        status.ephemeralContainerStatuses = all(pod.spec.ephemeralContainers).sorted { $0.name < $1.name }
        status.observedGeneration = pod.metadata.generation > 0 ? pod.metadata.generation : nil
        status.qosClass = QOSClass(of: pod.spec).rawValue
        if let granted = record.allocation?.pod {
            status.allocatedResources = granted.effectiveRequests
            status.resources = record.sandbox.isReady ? (record.allocationInForce ?? record.allocation)?.pod : status.resources
        }
        status.startTime = pod.status.startTime ?? Timestamp(record.startTime)
        status.hostIP = hostIPs.first ?? ""
        status.hostIPs = hostIPs.map(HostIP.init(ip:))
        let podIPs = podIPs
        status.podIPs = podIPs.map(PodIP.init(ip:))
        status.podIP = podIPs.first ?? ""

        let phase = phase(status)
        if status.phase != phase { (status.reason, status.message) = ("", "") }
        status.phase = phase
        if let failure = record.failure, phase == "Failed" { (status.reason, status.message) = (failure.reason, failure.message) }
        status.conditions = PodConditions(pod: pod, record: record, status: status, now: now).all()
        return status
    }

    /// A pod that is over, or on its way there, keeps telling the address it had, as the API's consumers expect.
    private var podIPs: [String] {
        if !record.podIPs.isEmpty { return record.podIPs }
        if pod.spec.hostNetwork { return hostIPs }
        return record.isTerminal || pod.status.isTerminal || pod.metadata.deletionTimestamp != nil ? pod.status.podIPs.map(\.ip) : []
    }

    private func phase(_ status: PodStatus) -> String {
        if pod.status.isTerminal { return pod.status.phase }
        if record.failure != nil, !mayRun { return "Failed" }
        // Ends of an earlier round say nothing about this one.
        let isBetweenRounds = record.isRestartingAll(pod.spec)
            || pod.spec.containers.contains { record[container: $0.name].current.map { $0.round != record.round } ?? false }
        if isBetweenRounds, !record.isTerminal, !pod.status.phase.isEmpty { return pod.status.phase }
        let phase = PodPhase(spec: pod.spec, status: status, isTerminal: record.isTerminal)
        if phase.isTerminal, mayRun { return (PodPhase(rawValue: pod.status.phase) ?? .pending).rawValue }
        return phase.rawValue
    }

    /// Others take a terminal phase as leave to start a successor on the same volumes: nothing of this pod may run then.
    private var mayRun: Bool {
        !record.isTerminal && (record.containers.values.contains(where: \.isRunning) || (record.failure != nil && record.sandbox.isReady))
    }
}
