package import KubeAPI

/// How one container is ended: preStop hook, stop signal, SIGKILL. The grace period covers all of it.
package struct TerminationPlan: Codable, Hashable, Sendable {
    /// Nil: no hook, or no time for one.
    package var preStop: LifecycleHandler?
    /// Seconds for the hook and the reaction to the signal together; zero kills at once.
    package var gracePeriod: Double
    /// Number of the signal that asks the container to end.
    package var stopSignal: Int32
    package var signalName: String

    /// However long the hook took, the container has at least these seconds after its signal. Source: kubelet.
    package static let minimumSignalWindow: Double = 2

    /// Seconds between the stop signal and SIGKILL, when the hook took `hookSeconds`. Zero: send SIGKILL only.
    package func signalWindow(afterHook hookSeconds: Double) -> Double {
        gracePeriod <= 0 ? 0 : max(gracePeriod - hookSeconds, Self.minimumSignalWindow)
    }
}
