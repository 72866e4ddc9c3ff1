package import KubeAPI

extension Container {
    /// An init container that keeps running beside the regular ones.
    package var isSidecar: Bool { restartPolicy == "Always" }

    /// Whether a run that ended with `exitCode` is followed by another: the first matching rule of the container, else
    /// the container's policy, else the pod's. Source: Kubernetes, "Individual container restart policy and rules".
    package func restarts(after exitCode: Int, in spec: PodSpec) -> Bool {
        if restartPolicy != nil, restartPolicyRules.contains(where: { $0.matches(exitCode) }) { return true }
        return switch restartPolicy ?? spec.restartPolicy {
        case "Never": false
        case "OnFailure": exitCode != 0
        default: true
        }
    }
}

extension Container {
    /// Whether such an end has every container of the pod start anew, init containers first: the first rule that matches decides.
    /// Source: KEP 5532.
    package func restartsAll(after exitCode: Int) -> Bool {
        restartPolicy != nil && restartPolicyRules.first { $0.matches(exitCode) }?.action == ContainerRestartRule.restartAll
    }
}

extension ContainerRestartRule {
    package static let restartAll = "RestartAllContainers"
}

extension PodSpec {
    /// Some end would have every container start anew.
    package var mayRestartAll: Bool {
        (initContainers + containers).contains { $0.restartPolicyRules.contains { $0.action == ContainerRestartRule.restartAll } }
    }

    /// An init container that fails ends the pod, unless it is to be run again; `Always` of the pod means "until it succeeds".
    func initContainerRestarts(_ container: Container, after exitCode: Int) -> Bool {
        exitCode != 0 && container.restarts(after: exitCode, in: self)
    }

    /// Every container of the three lists.
    package var allContainers: [Container] { initContainers + containers + ephemeralContainers }
}

extension ContainerRestartRule {
    func matches(_ exitCode: Int) -> Bool {
        guard let exitCodes else { return false }
        return switch exitCodes.operator {
        case "In": exitCodes.values.contains(exitCode)
        case "NotIn": !exitCodes.values.contains(exitCode)
        default: false
        }
    }
}
