import KubeAPI

/// Why the daemon does not start.
enum DaemonError: ActionableError {
    case alreadyRunning(lock: String, pid: String)
    case noCgroups
    case noSupervisor(String)
    case portInUse(flag: String, cause: any ActionableError)

    var description: String {
        switch self {
        case .alreadyRunning(let lock, let pid): "another berthd (pid \(pid)) holds \(lock)"
        case .noCgroups: "no cgroup file system is mounted"
        case .noSupervisor(let path): "the supervisor program \(path) is missing"
        case .portInUse(let flag, let cause): "\(cause.description) (\(flag))"
        }
    }

    var remedy: String? {
        switch self {
        case .alreadyRunning: "stop it first, or give this one another --root-dir"
        case .noCgroups: "mount cgroup v2 at /sys/fs/cgroup"
        case .noSupervisor: "install berth-pod beside berthd, or name it with --supervisor"
        case .portInUse(let flag, let cause): cause.remedy ?? "choose another port with \(flag)"
        }
    }
}
