import KubeAPI
import SandboxPlan

/// The mounts of a container, in the order in which they are made: kernel file systems, then the node's files and the
/// volumes together, from the outside in. Source: OCI runtime spec, config-linux.md, "Default Filesystems"; the options are containerd's.
struct MountPlanning {
    let container: Container
    let pod: Pod
    let attempt: Int
    let volumes: [String: MountedVolume]
    let podIPs: [String]
    let environment: EnvironmentPlan
    /// The host id of root in the pod, which owns the file systems made for it; zero without a user namespace.
    let userBase: UInt32
    let node: NodeFacts

    private static let sealed: MountPlan.MountOptions = [.noSuid, .noExec, .noDev]

    func mounts() throws(PlanningError) -> [MountPlan] {
        if let device = container.volumeDevices.first { throw .rawBlockUnsupported(device.name) }
        var volumeMounts: [MountPlan] = []
        for mount in container.volumeMounts { volumeMounts.append(try plan(mount)) }
        let taken = Set(volumeMounts.map(\.destination))
        // A volume replaces what would be mounted in the same place, and one at /dev the kernel's file systems below it.
        let kernel = kernelMounts().filter { mount in
            !taken.contains(mount.destination) && !(taken.contains("/dev") && mount.destination.hasPrefix("/dev/"))
        }
        return kernel + Self.fromOutside(nodeFiles().filter { !taken.contains($0.destination) } + volumeMounts)
    }

    /// A mount comes after those it lies within; otherwise the order stays.
    private static func fromOutside(_ mounts: [MountPlan]) -> [MountPlan] {
        let keyed = mounts.enumerated().map { (depth: $1.destination.split(separator: "/").count, index: $0, mount: $1) }
        return keyed.sorted { ($0.depth, $0.index) < ($1.depth, $1.index) }.map(\.mount)
    }

    private func kernelMounts() -> [MountPlan] {
        let isPrivileged = container.securityContext.privileged
        let sealed = Self.sealed
        let locked: MountPlan.MountOptions = isPrivileged ? sealed : sealed.union(.readOnly)
        // sysfs shows the network namespace it is mounted from, which a user namespace may not do for the host's.
        let sys: MountPlan.Source =
            pod.spec.hostNetwork && pod.spec.hostUsers == false
            ? .bind(root: "/sys", path: "", recursive: true) : .filesystem(type: "sysfs", data: "")
        return [
            MountPlan(destination: "/proc", source: .filesystem(type: "proc", data: ""), options: sealed),
            MountPlan(
                destination: "/dev",
                source: .filesystem(type: "tmpfs", data: "mode=755,size=65536k" + (userBase > 0 ? ",uid=\(userBase),gid=\(userBase)" : "")),
                options: [.noSuid, .strictAtime]),
            MountPlan(
                destination: "/dev/pts",
                source: .filesystem(type: "devpts", data: "newinstance,ptmxmode=0666,mode=0620,gid=\(userBase + 5)"),
                options: [.noSuid, .noExec]),
            MountPlan(
                destination: "/dev/mqueue",
                // Shows the queues of the IPC namespace it is mounted in, be it the pod's or the host's. Source: mq_overview(7).
                source: .filesystem(type: "mqueue", data: ""),
                options: sealed),
            MountPlan(
                destination: "/dev/shm", source: pod.spec.hostIPC ? .bind(root: "/dev/shm", path: "", recursive: false) : .podSharedMemory,
                options: sealed),
            MountPlan(destination: "/sys", source: sys, options: locked),
            MountPlan(destination: "/sys/fs/cgroup", source: .cgroup, options: locked.union(.relatime)),
        ]
    }

    private func nodeFiles() -> [MountPlan] {
        let paths = node.paths
        let uid = pod.metadata.uid
        let mapped: MountPlan.MountOptions = pod.spec.hostUsers == false ? .idMapped : []
        let options = container.securityContext.readOnlyRootFilesystem ? mapped.union(.readOnly) : mapped
        func file(_ destination: String, _ source: String, _ options: MountPlan.MountOptions) -> MountPlan {
            MountPlan(destination: destination, source: .bind(root: source, path: "", recursive: false), options: options)
        }
        var mounts = [
            file("/etc/hostname", paths.hostnameFile(uid), options),
            file("/etc/resolv.conf", paths.resolvConf(uid), options),
        ]
        if !podIPs.isEmpty || pod.spec.hostNetwork { mounts.append(file("/etc/hosts", paths.hostsFile(uid), mapped)) }
        mounts.append(file(container.terminationLogPath, paths.terminationLog(container.name, attempt: attempt, of: uid), mapped))
        return mounts
    }

    private func plan(_ mount: VolumeMount) throws(PlanningError) -> MountPlan {
        guard let volume = volumes[mount.name] else { throw .volumeNotMounted(volume: mount.name, container: container.name) }
        var options: MountPlan.MountOptions = []
        if mount.readOnly || volume.isReadOnly { options.insert(.readOnly) }
        if try isRecursivelyReadOnly(mount) { options.insert(.recursiveReadOnly) }
        // Whether the file system knows how is for the kernel to say.
        if pod.spec.hostUsers == false { options.insert(.idMapped) }
        let propagation: MountPlan.Propagation =
            switch mount.mountPropagation {
            case "HostToContainer": .slave
            case "Bidirectional": .shared
            default: .private
            }
        let destination = mount.mountPath.hasPrefix("/") ? mount.mountPath : "/\(mount.mountPath)"
        return MountPlan(
            destination: destination.count > 1 && destination.hasSuffix("/") ? String(destination.dropLast()) : destination,
            source: .bind(root: volume.hostPath, path: try subPath(of: mount), recursive: true), options: options, propagation: propagation)
    }

    private func isRecursivelyReadOnly(_ mount: VolumeMount) throws(PlanningError) -> Bool {
        switch mount.recursiveReadOnly {
        case "Enabled":
            guard node.kernel.recursiveReadOnly else { throw .recursiveReadOnlyUnavailable(volume: mount.name) }
            return true
        case "IfPossible": return mount.readOnly && node.kernel.recursiveReadOnly
        default: return false
        }
    }

    /// Relative and without `..`; a variable without a value is an error, for the directory would be shared by mistake.
    private func subPath(of mount: VolumeMount) throws(PlanningError) -> String {
        var path = mount.subPath
        if !mount.subPathExpr.isEmpty {
            var missing: String?
            path = expanding(mount.subPathExpr) { name in
                if let value = environment.values[name] { return value }
                missing = missing ?? name
                return nil
            }
            if let missing { throw .badSubPath(mount.subPathExpr, problem: "refers to \(missing), which is not set") }
        }
        if path.hasPrefix("/") { throw .badSubPath(path, problem: "must not be an absolute path") }
        if path.split(separator: "/").contains("..") { throw .badSubPath(path, problem: "must not contain '..'") }
        return path
    }
}

extension Container {
    /// Where the container leaves its last words.
    package var terminationLogPath: String { terminationMessagePath.isEmpty ? "/dev/termination-log" : terminationMessagePath }
}
