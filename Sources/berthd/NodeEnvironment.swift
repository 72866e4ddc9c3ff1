import ContainerRuntime
import FoundationEssentials
import Glibc
import KubeAPI
import LinuxSystem
import NodeAgent
import PodPlanning
import SandboxPlan

/// What the flags and this machine together say about the node.
struct NodeEnvironment: Sendable {
    let facts: NodeFacts
    let profile: NodeProfile
    let paths: NodePaths
    let supervisor: String

    init(options: NodeOptions, machine: MachineFacts, clusterDNS: [String], labels: SecurityLabels) throws {
        paths = NodePaths(root: options.rootDir)
        for (directory, mode) in [
            (paths.configuration, mode_t(0o755)), (paths.podsDirectory, 0o750), (paths.podLogs, 0o755), (paths.containerLogLinks, 0o755),
        ] { try DirectoryTree.make(directory, mode: mode) }
        // Nobody but root looks into these.
        for directory in [paths.state, paths.run, paths.containers, paths.images] { try DirectoryTree.makeOwn(directory, mode: 0o700) }
        for skeleton in RootSkeleton.allCases { try skeleton.make(at: paths.skeleton(skeleton)) }

        let name = (options.hostnameOverride ?? machine.hostname).lowercased()
        let addresses = [options.nodeIP ?? InterfaceAddresses.primaryIPv4() ?? "127.0.0.1"]
        guard let mounted = CgroupLayout(mountInfo: try SmallFile.text("/proc/self/mountinfo")) else { throw DaemonError.noCgroups }
        let cgroups = mounted.beneath(options.cgroupRoot)

        var kernel = KernelFeatures()
        kernel.appArmor = labels.hasAppArmor
        kernel.appArmorDefaultProfile = labels.appArmorDefaultProfile
        kernel.seLinux = labels.seLinux
        kernel.userNamespaces = (SmallFile.firstLine("/proc/sys/user/max_user_namespaces").flatMap(Int.init) ?? 0) > 0
        kernel.lastCapability = SmallFile.firstLine("/proc/sys/kernel/cap_last_cap").flatMap(Int.init) ?? kernel.lastCapability
        let runtimes = try options.runtimes { access($0, X_OK) == 0 }
        var profile = NodeProfile(
            name: name, machine: machine, addresses: addresses, labels: try options.labels(), port: options.port,
            kubeletVersion: Version.kubelet, runtimeVersion: "berth://\(Version.berth)", maximumPods: options.maxPods,
            reserved: try options.reserved(), eviction: try options.eviction().thresholds, supportsUserNamespaces: kernel.userNamespaces, supportsRecursiveReadOnly: kernel.recursiveReadOnly)
        profile.runtimes = runtimes.map(\.handler)
        profile.limitsHugePages = mounted.hasController("hugetlb")
        self.profile = profile
        let storage = try FileSystemSpace(of: paths.state).capacityBytes
        var facts = NodeFacts(
            paths: paths, cgroups: cgroups, nodeName: name, hostname: machine.hostname, nodeIPs: addresses,
            capacity: profile.capacity(storageBytes: storage), allocatable: profile.allocatable(storageBytes: storage),
            clusterDNS: clusterDNS, kernel: kernel)
        facts.podMemory = profile.enforced(storageBytes: storage)["memory"]?.value
        facts.clusterDomain = options.clusterDomain
        facts.podPIDsLimit = options.podMaxPids > 0 ? options.podMaxPids : nil
        facts.nodeLabels = profile.allLabels
        facts.runtimes = runtimes
        facts.privileges = ProcessPrivileges(
            hasResourceCapability: OwnProcess.has(capability: OwnProcess.sysResource), openFiles: OwnProcess.openFilesLimit,
            systemOpenFiles: SmallFile.firstLine("/proc/sys/fs/nr_open").flatMap { UInt64($0) } ?? .max, oomScore: OwnProcess.oomScoreAdjustment)
        self.facts = facts

        supervisor = options.supervisor ?? Self.besideOurselves()
        guard access(supervisor, X_OK) == 0 else { throw DaemonError.noSupervisor(supervisor) }
    }

    /// `berth-pod` in the directory that holds this very program, else where packages put it.
    private static func besideOurselves() -> String {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = buffer.withUnsafeMutableBytes { bytes in
            bytes.baseAddress.map { readlink("/proc/self/exe", $0, bytes.count) } ?? 0
        }
        let own = String(decoding: buffer.prefix(max(count, 0)), as: UTF8.self)
        let candidate = own.lastIndex(of: "/").map { "\(own[..<$0])/berth-pod" } ?? ""
        return access(candidate, X_OK) == 0 ? candidate : "/usr/lib/berth/berth-pod"
    }
}

extension CgroupLayout {
    /// Whether the kernel has it, in a hierarchy that is mounted.
    func hasController(_ name: String) -> Bool {
        switch self {
        case .v2(let mountPoint): (SmallFile.firstLine("\(mountPoint)/cgroup.controllers") ?? "").split(separator: " ").contains(Substring(name))
        case .v1(let hierarchies): hierarchies[name] != nil
        }
    }

    /// The same hierarchies, seen from a cgroup of theirs.
    func beneath(_ root: String) -> CgroupLayout {
        let path = root.split(separator: "/").joined(separator: "/")
        guard !path.isEmpty else { return self }
        return switch self {
        case .v2(let mountPoint): .v2(mountPoint: "\(mountPoint)/\(path)")
        case .v1(let hierarchies): .v1(hierarchies: hierarchies.mapValues { "\($0)/\(path)" })
        }
    }
}
