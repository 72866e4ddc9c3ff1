package import KubeAPI

/// How one container is ended: preStop hook, stop signal, SIGKILL. The grace period covers all of it.
/// Source: Kubernetes, "Pod Lifecycle", "Termination of Pods".
package struct TerminationPlan: Codable, Hashable, Sendable {
    /// Nil: no hook, or no time for one.
    package var preStop: LifecycleHandler?
    /// Seconds for the hook and the reaction to the signal together.
    package var gracePeriod: Double
    /// Number of the signal that asks the container to end, and its name for people.
    package var stopSignal: Int32
    package var signalName: String
    /// Of the Killing event.
    package var message: String

    /// However long the hook took, the container has at least these seconds after its signal. Source: kubelet.
    package static let minimumSignalWindow: Double = 2

    /// - Parameters:
    ///   - imageSignal: the image's StopSignal; `lifecycle.stopSignal` wins over it, SIGTERM is used without both.
    ///   - graceLimit: seconds the pod gets at most, when the node ends it.
    ///   - elapsed: seconds since the pod began to end, which containers that end after others have left to wait through.
    package init(of container: Container, in pod: Pod, imageSignal: String?, reason: KillReason, elapsed: Double = 0, graceLimit: Int? = nil) {
        let named = [container.lifecycle?.stopSignal, imageSignal].compactMap(\.self).first { !$0.isEmpty }
        let number = named.flatMap(StopSignal.number)
        stopSignal = number ?? 15
        signalName = number == nil ? "SIGTERM" : named ?? "SIGTERM"
        let own = Double(pod.spec.terminationGracePeriodSeconds ?? 30)
        let deletion = pod.metadata.deletionGracePeriodSeconds.map(Double.init)
        switch reason {
        case .podEnding, .nodeShutdown:
            gracePeriod = max(min(deletion ?? own, graceLimit.map(Double.init) ?? .infinity) - elapsed, 0)
            message = "Stopping container \(container.name)"
        case .orphaned:
            gracePeriod = deletion ?? own
            message = "Stopping container \(container.name)"
        case .resized:
            gracePeriod = deletion ?? own
            message = "Container \(container.name) resize requires restart"
        case .restartingAll:
            gracePeriod = 0
            message = "Container \(container.name) is restarted with all containers of the pod"
        case .failedPostStart:
            gracePeriod = deletion ?? own
            message = "FailedPostStartHook"
        case .failedProbe(let kind):
            let probe = kind == .startup ? container.startupProbe : container.livenessProbe
            gracePeriod = deletion ?? probe?.terminationGracePeriodSeconds.map(Double.init) ?? own
            let restarts = (container.restartPolicy ?? pod.spec.restartPolicy) != "Never"
            message = "Container \(container.name) failed \(kind.rawValue) probe" + (restarts ? ", will be restarted" : "")
        }
        preStop = gracePeriod > 0 ? container.lifecycle?.preStop : nil
    }

    /// Seconds between the stop signal and SIGKILL, when the hook took `hookSeconds`.
    package func signalWindow(afterHook hookSeconds: Double) -> Double { max(gracePeriod - hookSeconds, Self.minimumSignalWindow) }
}
