package import KubeAPI
package import SandboxPlan

/// The `config.json` of a container for an OCI runtime: the plan said again, as far as the runtime is to see to it.
/// `berth-pod` sees to the rest, for every runtime alike: it mounts the root, finds the sources of binds, makes the pod's
/// namespaces and the cgroup with its limits, and lays all of them out in the bundle.
/// Source: OCI runtime spec 1.0.2, config.md and config-linux.md.
///
/// - Parameters:
///   - namespaces: the pod's.
///   - seccomp: a profile in the spec's form; nil is unconfined.
///   - mayUseAllDevices: of a privileged container.
/// - Throws: `cgroupOutOfReach` where no OCI runtime would find the container's cgroup.
package func ociConfiguration(
    of plan: ContainerPlan, in namespaces: PodNamespaces, seccomp: JSONValue?, mayUseAllDevices: Bool, isUnified: Bool
) throws(PlanningError) -> JSONValue {
    let scratch = plan.root.scratch
    let isShared = plan.mounts.contains { $0.propagation == .shared }
    var linux: JSONValue = [
        "cgroupsPath": .string(try cgroupsPath(of: plan.cgroup, isUnified: isUnified)),
        "namespaces": ociNamespaces(of: plan, in: namespaces),
        "resources": ["devices": ociDeviceRules(mayUseAllDevices ? nil : DeviceRule.container)],
        "devices": .array(plan.devices.filter { device in !DeviceDefaults.isEverywhere(device.path) }.map(ociDevice)),
        // Slave is every runtime's default; only of a shared root does a mount find its way out.
        "rootfsPropagation": isShared ? "rshared" : "rslave",
        "maskedPaths": texts(plan.maskedPaths), "readonlyPaths": texts(plan.readOnlyPaths),
    ]
    linux["seccomp"] = seccomp
    linux["mountLabel"] = plan.mountLabel.map { .string($0) }
    return [
        "ociVersion": "1.0.2",
        "process": ociProcess(plan.process),
        "root": ["path": .string("\(scratch)/merged"), "readonly": .bool(plan.root.isReadOnly)],
        "mounts": .array(plan.mounts.enumerated().map { ociMount($0.element, source: "\(scratch)/bundle/mounts/\($0.offset)") }),
        "linux": linux,
    ]
}

/// What runs, as whom: `process` of a `config.json`, and the whole document for `exec`. Source: config.md, "Process".
package func ociProcess(_ plan: ProcessPlan) -> JSONValue {
    let sets = plan.capabilities
    var process: JSONValue = [
        "terminal": .bool(plan.tty), "cwd": .string(plan.workingDirectory.isEmpty ? "/" : plan.workingDirectory),
        "args": texts(plan.arguments), "env": texts(plan.environment),
        "user": [
            "uid": .int(Int(plan.uid)), "gid": .int(Int(plan.gid)), "umask": .int(Int(plan.umask)),
            "additionalGids": .array(plan.groups.map { .int(Int($0)) }),
        ],
        "capabilities": [
            "bounding": capabilityNames(sets.bounding), "effective": capabilityNames(sets.effective),
            "permitted": capabilityNames(sets.permitted), "inheritable": capabilityNames(sets.inheritable), "ambient": capabilityNames(sets.ambient),
        ],
        "noNewPrivileges": .bool(plan.noNewPrivileges), "oomScoreAdj": .int(plan.oomScoreAdjustment),
        "rlimits": .array(plan.resourceLimits.map(ociLimit)),
    ]
    process["apparmorProfile"] = plan.appArmorProfile.map { .string($0) }
    process["selinuxLabel"] = plan.seLinuxLabel.map { .string($0) }
    return process
}

/// Below the hierarchies, where every OCI runtime takes them to be mounted.
private func cgroupsPath(of plan: CgroupPlan, isUnified: Bool) throws(PlanningError) -> String {
    let top = "/sys/fs/cgroup/"
    guard let directory = plan.directories.first, directory.hasPrefix(top) else {
        throw .cgroupOutOfReach(plan.directories.first ?? "no cgroup")
    }
    let path = directory.dropFirst(top.count)
    return isUnified ? "/\(path)" : String(path.drop { $0 != "/" })
}

/// New ones have no path. One that is not listed is the runtime's own, and so the host's.
private func ociNamespaces(of plan: ContainerPlan, in pod: PodNamespaces) -> JSONValue {
    func joined(_ type: String) -> JSONValue { ["type": .string(type), "path": .string("\(plan.root.scratch)/bundle/namespaces/\(type)")] }
    var list: [JSONValue] = [["type": "mount"]]
    if plan.hasCgroupNamespace { list.append(["type": "cgroup"]) }
    list += [("network", pod.network), ("ipc", pod.ipc), ("uts", pod.uts)].filter(\.1).map { joined($0.0) }
    switch pod.pid {
    case .container: list.append(plan.processTarget == nil ? ["type": "pid"] : joined("pid"))
    case .pod: list.append(joined("pid"))
    case .host: break
    }
    return .array(list)
}

private func ociMount(_ plan: MountPlan, source prepared: String) -> JSONValue {
    var options = [
        (MountPlan.MountOptions.noSuid, "nosuid"), (.noDev, "nodev"), (.noExec, "noexec"), (.relatime, "relatime"), (.strictAtime, "strictatime"),
    ].filter { plan.options.contains($0.0) }.map(\.1)
    if !plan.options.isDisjoint(with: [.readOnly, .recursiveReadOnly]) { options.append("ro") }
    let (type, source): (String, String)
    switch plan.source {
    case .filesystem(let name, let data):
        (type, source) = (name, name)
        options += data.split(separator: ",").map(String.init)
    case .bind(_, _, let isRecursive):
        (type, source) = ("bind", prepared)
        options += [isRecursive ? "rbind" : "bind", "r\(plan.propagation.rawValue)"]
    case .cgroup: (type, source) = ("cgroup", "cgroup")
    case .podSharedMemory:
        (type, source) = ("bind", prepared)
        options += ["bind", "rprivate"]
    }
    return ["destination": .string(plan.destination), "type": .string(type), "source": .string(source), "options": texts(options)]
}

private func ociDevice(_ plan: DevicePlan) -> JSONValue {
    [
        "path": .string(plan.path), "type": .string(plan.type.rawValue), "major": .int(Int(plan.major)), "minor": .int(Int(plan.minor)),
        "fileMode": .int(Int(plan.mode)), "uid": 0, "gid": 0,
    ]
}

/// Nothing, and then what the rules say; nil is everything.
private func ociDeviceRules(_ rules: [DeviceRule]?) -> JSONValue {
    guard let rules else { return [["allow": true, "access": "rwm"]] }
    return .array(
        [["allow": false, "access": "rwm"]]
            + rules.map { rule in
                var entry: JSONValue = ["allow": true, "type": .string(rule.type.rawValue), "access": .string(rule.access.letters)]
                entry["major"] = rule.major.map { .int(Int($0)) }
                entry["minor"] = rule.minor.map { .int(Int($0)) }
                return entry
            })
}

private func ociLimit(_ plan: ResourceLimit) -> JSONValue {
    ["type": .string("RLIMIT_\(resourceNames[plan.resource])"), "soft": unsigned(plan.soft), "hard": unsigned(plan.hard)]
}

/// The spec's numbers go up to 2^64 - 1, which means no limit; `JSONValue` holds whole ones up to 2^63 - 1, which is as good.
private func unsigned(_ value: UInt64) -> JSONValue { .int(Int(clamping: value)) }

private func texts(_ list: [String]) -> JSONValue { .array(list.map { .string($0) }) }

private func capabilityNames(_ set: UInt64) -> JSONValue {
    .array(kernelCapabilities.enumerated().filter { set >> UInt64($0.offset) & 1 == 1 }.map { .string("CAP_\($0.element)") })
}

/// In the kernel's order. Source: linux/capability.h.
private let kernelCapabilities = [
    "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP", "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER", "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT",
    "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE", "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE",
    "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP", "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ",
    "PERFMON", "BPF", "CHECKPOINT_RESTORE",
]

/// By the kernel's number. Source: asm-generic/resource.h.
private let resourceNames = [
    "CPU", "FSIZE", "DATA", "STACK", "CORE", "RSS", "NPROC", "NOFILE", "MEMLOCK", "AS", "LOCKS", "SIGPENDING", "MSGQUEUE", "NICE", "RTPRIO", "RTTIME",
]
