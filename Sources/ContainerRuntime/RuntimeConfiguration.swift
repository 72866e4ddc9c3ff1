/// Where the runtime finds its supervisor program and keeps what it needs until the next boot.
package struct RuntimeConfiguration: Hashable, Sendable {
    /// One directory per pod, mode 0700: the plan, the control socket, the shared memory. Short, for a socket's path has 107 bytes.
    package var podsDirectory: String
    /// Absolute path of `berth-pod`.
    package var supervisor: String
    /// How long a supervisor that is there may be silent to what it does by itself, and at once.
    package var patience: Duration
    /// The same for what takes its time, such as the start of a process. Source: the kubelet's `runtimeRequestTimeout`.
    package var longPatience: Duration

    package init(
        podsDirectory: String = "/run/berth/pods", supervisor: String = "/usr/lib/berth/berth-pod", patience: Duration = .seconds(15),
        longPatience: Duration = .seconds(120)
    ) {
        self.podsDirectory = podsDirectory
        self.supervisor = supervisor
        self.patience = patience
        self.longPatience = longPatience
    }

    func podDirectory(_ uid: String) -> String { "\(podsDirectory)/\(uid)" }
}

/// Files in a pod's directory.
enum PodDirectory {
    /// The encoded `SandboxPlan`.
    static let plan = "plan"
    static let socket = "control"
    static let sharedMemory = "shm"
    /// The /proc of the pod's PID namespace, when its containers share one.
    static let processes = "proc"
}
