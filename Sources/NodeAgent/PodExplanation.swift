package import FoundationEssentials
package import KubeAPI
package import PodPlanning
package import SandboxPlan

/// Why a pod is not Ready, one sentence a cause, the first to fix first. Empty when it is Ready.
package struct PodExplanation: Codable, Hashable, Sendable {
    package var pod: String
    package var phase: String
    package var isReady: Bool
    package var causes: [Cause]

    package struct Cause: Codable, Hashable, Sendable {
        /// The container, or empty for the pod as a whole.
        package var container: String
        package var reason: String
        package var message: String
        /// When it is tried again; nil when it is not, or at once.
        package var retryAt: Date?

        package init(container: String, reason: String, message: String, retryAt: Date? = nil) {
            self.container = container
            self.reason = reason
            self.message = message
            self.retryAt = retryAt
        }
    }

    package init(of pod: Pod, record: PodRecord, status: PodStatus, objectsAreKnown: Bool, now: Date) {
        self.pod = "\(pod.metadata.namespace)/\(pod.metadata.name)"
        phase = status.phase
        isReady = status.conditions.contains { $0.type == "Ready" && $0.status == "True" }
        causes = []
        guard !isReady else { return }
        if let failure = record.failure { add("", failure.reason, failure.message) }
        if pod.metadata.deletionTimestamp != nil { add("", "Terminating", "the pod is being deleted") }
        if !objectsAreKnown { add("", "WaitingForObjects", "a ConfigMap or Secret it names has not been read from the API server yet") }
        if !record.sandbox.isReady, record.failure == nil, !record.isTerminal {
            add("", "SandboxNotReady", record.sandboxError ?? "volumes, namespaces or network are not set up yet", record.sandboxRetryAt)
        }
        for status in status.initContainerStatuses + status.containerStatuses where !status.ready {
            let progress = record[container: status.name]
            if let waiting = status.state.waiting {
                add(status.name, waiting.reason, waiting.message, progress.retryAt)
            } else if let end = status.state.terminated {
                add(status.name, end.reason, "ended with exit code \(end.exitCode)" + (end.message.isEmpty ? "" : ": \(end.message)"))
            } else if !progress.isStarted {
                add(status.name, "NotStarted", "its startup probe has not succeeded, or its postStart hook has not ended")
            } else {
                add(status.name, "NotReady", "its readiness probe does not succeed")
            }
        }
        for gate in pod.spec.readinessGates where !status.conditions.contains(where: { $0.type == gate.conditionType && $0.status == "True" }) {
            add("", "ReadinessGate", "condition \(gate.conditionType) is not True")
        }
    }

    private mutating func add(_ container: String, _ reason: String, _ message: String, _ retryAt: Date? = nil) {
        causes.append(Cause(container: container, reason: reason, message: message, retryAt: retryAt))
    }
}

extension PodWorker {
    package func explanation() -> PodExplanation {
        PodExplanation(of: pod, record: memory.record, status: currentStatus(), objectsAreKnown: objects.isComplete, now: Date())
    }

    /// The pod with the status the node knows.
    package func currentPod() -> Pod {
        var current = pod
        current.status = currentStatus()
        return current
    }

    /// The log file of the latest run of a container, or of the one before; nil when there is none.
    package func logFile(of name: String, previous: Bool) -> (path: String, runID: String)? {
        let progress = memory.record[container: name]
        guard let run = previous ? progress.previous : progress.current else { return nil }
        return (node.facts.paths.containerLog(name, attempt: run.attempt, of: identity), run.id)
    }

    /// Ends, without an element, when the run has ended; at once when it has already.
    package func endings(ofRun id: String) -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        if memory.record.containers.values.contains(where: { $0.current?.id == id && $0.isRunning }) {
            endWaiters[id, default: []].append(continuation)
        } else {
            continuation.finish()
        }
        return stream
    }

    package func hasContainer(_ name: String) -> Bool { container(name) != nil }

    /// The launch plans of what runs, by container name, without what Secrets put into them.
    package func shownPlans() async throws -> [String: ContainerPlan] {
        var all: [String: ContainerPlan] = [:]
        for (name, progress) in memory.record.containers where progress.isRunning {
            guard let run = progress.current, let container = container(name) else { continue }
            let objects = try await referencedObjects(of: container)
            all[name] = try await runningPlan(of: name, run).hidingSecrets(
                planned: plan(of: container, run, objects), withoutValues: plan(of: container, run, objects.withoutSecretValues))
        }
        return all
    }
}
