/// How long pods are given when the machine goes down. Seconds. Source: kubelet `shutdownGracePeriod`, `shutdownGracePeriodCriticalPods`.
package struct ShutdownSettings: Hashable, Sendable {
    /// For all of them; zero is not at all.
    package var total: Double
    /// The last part of it, which is for critical pods.
    package var critical: Double

    package init(total: Double = 30, critical: Double = 10) {
        self.total = total
        self.critical = min(critical, total)
    }

    package var regular: Double { total - critical }

    /// The same, shared in the same way, where somebody waits for no longer than this.
    package func within(_ limit: Double) -> ShutdownSettings {
        guard total > limit else { return self }
        return ShutdownSettings(total: limit, critical: critical * limit / total)
    }
}
