import Glibc
package import KubeAPI
import OCISpec
package import SandboxPlan

/// The launch plan of one start of one container.
///
/// - Parameters:
///   - id: 64 hexadecimal digits, new for each start.
///   - volumes: by name; every volume the container mounts must be in here.
///   - podIPs: empty while the pod has no network.
///   - userMapping: the range of host ids set aside for the pod, when `hostUsers` is false.
///   - categories: the pod's own, where the node has SELinux.
///   - runtime: what the handler of the pod's RuntimeClass stands for; nil is Berth itself.
///   - processTarget: the id of the running container that an ephemeral one names as its target.
///   - seccomp: one for the life of the daemon, because it keeps what it compiled.
/// - Throws: what the container waits for, in kubelet's words; `PlanningError.reason` is the waiting reason.
package func containerPlan(
    for container: Container, in pod: Pod, attempt: Int, id: String, image: ResolvedImage, volumes: [String: MountedVolume],
    objects: ReferencedObjects, podIPs: [String], userMapping: IDMapping? = nil, categories: SELinuxCategories? = nil,
    runtime: OCIRuntime? = nil, processTarget: String? = nil, seccomp: SeccompCompiler, on node: NodeFacts
) throws(PlanningError) -> ContainerPlan {
    let context = container.securityContext
    let user = try UserIdentity(container: container, pod: pod, image: image)
    let downward = DownwardAPI(pod: pod, podIPs: podIPs, node: node)
    let environment = try EnvironmentPlan(container: container, pod: pod, objects: objects, downward: downward)
    let capabilities = try CapabilityPlan.sets(for: context, on: node)
    let parameters = image.config.config
    let hostname = pod.spec.hostNetwork ? node.hostname : try PodHostname(of: pod, on: node).kernelName

    var base = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOSTNAME=\(hostname)"]
    if container.tty { base.append("TERM=xterm") }
    var variables = environment.merged(onto: base + (parameters?.env ?? []))
    if !variables.contains(where: { $0.hasPrefix("HOME=") }) { variables.append("HOME=\(user.home)") }

    let mounts = try MountPlanning(
        container: container, pod: pod, attempt: attempt, volumes: volumes, podIPs: podIPs, environment: environment,
        userBase: userMapping?.hostBase ?? 0, node: node
    ).mounts()
    // Root of the host's user namespace could write /proc/sys and /proc/sysrq-trigger without any capability.
    let isUnmasked = context.privileged || context.procMount == "Unmasked" && pod.spec.hostUsers == false
    let openFiles = node.privileges.openFiles
    let profile = try SeccompChoice(container: container, pod: pod, capabilities: capabilities, objects: objects, node: node)
    let labels = try SELinuxLabels(of: container, in: pod, categories: categories, on: node)
    var plan = ContainerPlan(
        id: id, name: container.name, attempt: attempt, processTarget: processTarget,
        root: RootFilesystem(
            layers: [node.paths.skeleton(RootSkeleton(for: mounts))] + image.layers, scratch: node.paths.containerScratch(id), isReadOnly: context.readOnlyRootFilesystem),
        mounts: mounts,
        devices: DeviceDefaults.plan(for: container, on: node),
        maskedPaths: isUnmasked ? [] : ProtectedPaths.masked,
        readOnlyPaths: isUnmasked ? [] : ProtectedPaths.readOnly,
        process: ProcessPlan(
            arguments: try arguments(of: container, parameters, environment), environment: variables,
            workingDirectory: [container.workingDir, parameters?.workingDir ?? ""].first { !$0.isEmpty } ?? "/",
            uid: user.uid, gid: user.gid, groups: user.groups, capabilities: capabilities,
            noNewPrivileges: context.allowPrivilegeEscalation == false,
            seccomp: runtime == nil ? try profile.program(by: seccomp) : [],
            resourceLimits: [ResourceLimit(resource: Int(RLIMIT_NOFILE.rawValue), soft: openFiles, hard: openFiles)],
            oomScoreAdjustment: max(oomScoreAdjustment(of: container, in: pod, on: node), node.privileges.lowestOOMScore),
            tty: container.tty, appArmorProfile: try appArmorProfile(for: container, in: pod, on: node),
            seLinuxLabel: labels.process?.description),
        mountLabel: labels.file?.description,
        cgroup: cgroupPlan(for: container, in: pod, id: id, runtime: runtime, on: node),
        hasCgroupNamespace: !context.privileged || node.cgroups.isUnified,
        logPath: node.paths.containerLog(container.name, attempt: attempt, of: pod.identity),
        logMaxBytes: node.logMaxBytes, logMaxFiles: node.logMaxFiles,
        stdin: container.stdin, stdinOnce: container.stdinOnce)
    if runtime != nil {
        plan.process.document = try ociConfiguration(
            of: plan, in: PodNamespaces(of: pod, userMapping: nil), seccomp: try profile.document, mayUseAllDevices: context.privileged,
            isUnified: node.cgroups.isUnified
        ).description
    }
    return plan
}

/// A process beside the one of the plan: the same world and credentials, its own command and terminal.
package func execPlan(command: [String], tty: Bool, in plan: ContainerPlan) -> ProcessPlan {
    var process = plan.process
    process.arguments = command
    process.tty = tty
    process.document = nil
    if tty, !process.environment.contains(where: { $0.hasPrefix("TERM=") }) { process.environment.append("TERM=xterm") }
    return process
}

/// `command` replaces the image's Entrypoint, and its Cmd with it; `args` replaces Cmd.
/// Source: Kubernetes, "Define a Command and Arguments for a Container".
private func arguments(
    of container: Container, _ parameters: ExecutionParameters?, _ environment: EnvironmentPlan
) throws(PlanningError) -> [String] {
    let expand = { (text: String) in expanding(text) { environment.values[$0] } }
    let command = container.command.map(expand)
    let args = container.args.map(expand)
    let arguments = command.isEmpty ? (parameters?.entrypoint ?? []) + (args.isEmpty ? parameters?.cmd ?? [] : args) : command + args
    guard !arguments.isEmpty else { throw .noCommand }
    return arguments
}

/// A path of the pod's that stays in the directory it is looked up in.
package func isBeneath(_ path: String) -> Bool { !path.hasPrefix("/") && !path.split(separator: "/").contains("..") }

private func appArmorProfile(for container: Container, in pod: Pod, on node: NodeFacts) throws(PlanningError) -> String? {
    guard let profile = container.securityContext.appArmorProfile ?? pod.spec.securityContext.appArmorProfile else {
        return container.securityContext.privileged ? nil : node.kernel.appArmorDefaultProfile
    }
    switch profile.type {
    case "Unconfined": return node.kernel.appArmor ? "unconfined" : nil
    case "Localhost":
        guard node.kernel.appArmor, let name = profile.localhostProfile else { throw .appArmorUnavailable }
        return name
    default:
        guard let name = node.kernel.appArmorDefaultProfile else { throw .appArmorUnavailable }
        return container.securityContext.privileged ? nil : name
    }
}
