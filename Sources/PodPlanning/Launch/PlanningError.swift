import KubeAPI

/// Why a container cannot be planned as its pod asks. Messages are kubelet's, which users know by heart.
package enum PlanningError: ActionableError, Hashable {
    case configMapNotFound(String)
    case secretNotFound(String)
    /// `kind` is `ConfigMap` or `Secret`.
    case keyNotFound(key: String, kind: String, namespace: String, name: String)
    /// The file of a `fileKeyRef`, and what is wrong with it.
    case environmentFile(volume: String, path: String, problem: String)
    case imageRunsAsRoot(container: String, pod: String)
    case imageUserIsName(user: String, container: String, pod: String)
    case runsAsRoot(container: String, pod: String)
    case unknownUser(String)
    case unknownGroup(String)
    case noCommand
    case unknownCapability(String)
    case volumeNotMounted(volume: String, container: String)
    /// The path, and what is wrong with it.
    case badSubPath(String, problem: String)
    case unsupportedFieldPath(String)
    case unsupportedResource(String)
    case unknownContainer(String)
    case seccompProfileNotFound(String)
    case badSeccompProfile(name: String, problem: String)
    case seccompFailed(step: String, code: Int32)
    case appArmorUnavailable
    /// A `Localhost` profile that is not loaded.
    case appArmorProfileNotFound(String)
    case seLinuxUnavailable
    case unknownSELinuxContext(String)
    /// A volume whose files do not take the label, and what the kernel says.
    case unlabelledVolume(String, context: String, problem: String)
    case userNamespacesUnavailable
    /// The handler that the pod's RuntimeClass names.
    case userNamespacesUnsupported(handler: String)
    /// Of an emptyDir.
    case hugePagesNotRequested(medium: String)
    case hugePagesAmbiguous
    /// A directory that is not beneath `/sys/fs/cgroup`.
    case cgroupOutOfReach(String)
    case recursiveReadOnlyUnavailable(volume: String)
    case unsafeSysctl(String)
    case badSysctl(name: String, problem: String)
    case hostnameTooLong(String)
    case tokenMissing(path: String)
    /// A volume lists a key its object does not have; `kind` is `ConfigMap` or `Secret`.
    case volumeKeyNotFound(key: String, kind: String)
    case badPath(String)
    case badStopSignal(String)
    case rawBlockUnsupported(String)
    /// The container that an ephemeral one has as `targetContainerName`.
    case targetNotRunning(String)

    package var description: String {
        switch self {
        case .configMapNotFound(let name): "configmap \"\(name)\" not found"
        case .secretNotFound(let name): "secret \"\(name)\" not found"
        case .keyNotFound(let key, let kind, let namespace, let name): "couldn't find key \(key) in \(kind) \(namespace)/\(name)"
        case .environmentFile(let volume, let path, let problem): "environment file \"\(path)\" in volume \"\(volume)\": \(problem)"
        case .imageRunsAsRoot(let container, let pod):
            "container has runAsNonRoot and image will run as root (pod: \"\(pod)\", container: \(container))"
        case .imageUserIsName(let user, let container, let pod):
            "container has runAsNonRoot and image has non-numeric user (\(user)), cannot verify user is non-root (pod: \"\(pod)\", container: \(container))"
        case .runsAsRoot(let container, let pod):
            "container's runAsUser breaks non-root policy (pod: \"\(pod)\", container: \(container))"
        case .unknownUser(let name): "unable to find user \(name): no matching entries in passwd file"
        case .unknownGroup(let name): "unable to find group \(name): no matching entries in group file"
        case .noCommand: "no command specified"
        case .unknownCapability(let name): "unknown capability \"\(name)\""
        case .volumeNotMounted(let volume, let container): "volume \"\(volume)\" of container \"\(container)\" is not mounted"
        case .badSubPath(let path, let problem): "subPath \"\(path)\" \(problem)"
        case .unsupportedFieldPath(let path): "unsupported fieldPath: \(path)"
        case .unsupportedResource(let name): "unsupported container resource : \(name)"
        case .unknownContainer(let name): "container \(name) not found"
        case .seccompProfileNotFound(let name): "seccomp profile \"\(name)\" not found"
        case .badSeccompProfile(let name, let problem): "seccomp profile \"\(name)\": \(problem)"
        case .seccompFailed(let step, let code): "libseccomp cannot \(step): error \(-code)"
        case .appArmorUnavailable: "cannot enforce AppArmor: the host has AppArmor disabled or no such profile"
        case .appArmorProfileNotFound(let name): "apparmor profile not found \(name)"
        case .seLinuxUnavailable: "cannot enforce SELinux: SELinux is not enabled on the host"
        case .unknownSELinuxContext(let context): "cannot enforce SELinux: the policy of the host has no context \"\(context)\""
        case .unlabelledVolume(let path, let context, let problem): "cannot label \(path) as \(context): \(problem)"
        case .userNamespacesUnavailable: "hostUsers is false and the node has no user namespace range for the pod"
        case .userNamespacesUnsupported(let handler): "RuntimeClass handler \"\(handler)\" does not support user namespaces, and hostUsers is false"
        case .hugePagesNotRequested(let medium): "medium \(medium): hugePages storage requested, but there is no resource request for huge pages"
        case .hugePagesAmbiguous: "medium HugePages can't be used if the pod requests multiple huge page sizes"
        case .cgroupOutOfReach(let path): "OCI runtimes look for cgroups beneath /sys/fs/cgroup, and the container's is \(path)"
        case .recursiveReadOnlyUnavailable(let volume): "volume \"\(volume)\" asks for recursive read-only mounts, which this kernel lacks"
        case .unsafeSysctl(let name): "forbidden sysctl: \"\(name)\" not allowlisted"
        case .badSysctl(let name, let problem): "forbidden sysctl: \"\(name)\" \(problem)"
        case .hostnameTooLong(let name): "failed to construct FQDN from pod hostname and cluster domain, FQDN \(name) is too long (64 characters is the max, \(name.utf8.count) characters requested)"
        case .tokenMissing(let path): "service account token for \"\(path)\" has not been obtained"
        case .volumeKeyNotFound(let key, "Secret"): "references non-existent secret key: \(key)"
        case .volumeKeyNotFound(let key, _): "configmap references non-existent config key: \(key)"
        case .badPath(let path): "path \"\(path)\" must be relative and must not contain '..'"
        case .badStopSignal(let name): "unknown stop signal \"\(name)\""
        case .targetNotRunning(let name): "unable to find target container \"\(name)\": it is not running"
        case .rawBlockUnsupported(let name): "volume device \"\(name)\": raw block volumes are not supported"
        }
    }

    /// `state.waiting.reason` of the container.
    package var reason: String {
        switch self {
        case .noCommand, .unknownUser, .unknownGroup, .unknownCapability, .appArmorUnavailable, .appArmorProfileNotFound,
            .seLinuxUnavailable, .unknownSELinuxContext, .unlabelledVolume,
            .seccompProfileNotFound, .badSeccompProfile, .seccompFailed, .badStopSignal:
            "CreateContainerError"
        default: "CreateContainerConfigError"
        }
    }

    package var remedy: String? {
        switch self {
        case .configMapNotFound(let name): "create ConfigMap \(name) in the pod's namespace, or mark the reference optional"
        case .secretNotFound(let name): "create Secret \(name) in the pod's namespace, or mark the reference optional"
        case .keyNotFound(let key, let kind, _, let name): "add key \(key) to \(kind) \(name), or mark the reference optional"
        case .environmentFile(_, let path, _): "let an init container write NAME='value' lines to \(path), or mark the reference optional"
        case .imageRunsAsRoot, .imageUserIsName, .runsAsRoot: "set securityContext.runAsUser to a user id other than 0"
        case .noCommand: "set command in the container, or Entrypoint or Cmd in the image"
        case .unknownUser, .unknownGroup: "use a numeric id, or an image whose passwd and group files have the name"
        case .appArmorUnavailable: "remove appArmorProfile, or boot with AppArmor enabled"
        case .appArmorProfileNotFound(let name): "load it on the node: apparmor_parser -r FILE, with profile \(name) in the file"
        case .seLinuxUnavailable: "remove seLinuxOptions, or boot with SELinux enabled"
        case .unknownSELinuxContext: "use a user, role, type and level that the policy knows (seinfo lists them), or load a module that has them"
        case .seccompProfileNotFound(let name): "put the profile at seccomp/\(name) in the kubelet directory"
        case .userNamespacesUnsupported: "remove runtimeClassName, for the built-in handler supports them, or hostUsers"
        case .hugePagesNotRequested: "give a container a limit of hugepages-<size>, with cpu or memory"
        case .hugePagesAmbiguous: "say which: medium HugePages-<size>"
        case .unsafeSysctl(let name): "allow \(name) with --allowed-unsafe-sysctls"
        default: nil
        }
    }
}
