import Glibc
import KubeAPI
import SandboxPlan

/// CPU, memory, process and huge page settings of one cgroup, and how each cgroup version spells them.
struct ResourcePlan: Hashable {
    /// Thousandths of a CPU asked for; zero is the least there is.
    var cpuRequest = 0
    /// Thousandths of a CPU; nil is no limit.
    var cpuLimit: Int?
    /// Bytes.
    var memoryLimit: Int?
    var pidsLimit: Int?
    /// Bytes by page size as Kubernetes writes it, such as `2Mi`.
    var hugePages: [String: Int] = [:]

    /// Microseconds in which a quota is used up and renewed.
    static let period = 100_000

    /// In an order in which every single write is accepted.
    func writes(at path: String, in layout: CgroupLayout) -> [CgroupWrite] {
        layout.isUnified ? unifiedWrites(at: path, in: layout) : legacyWrites(at: path, in: layout)
    }

    private func unifiedWrites(at path: String, in layout: CgroupLayout) -> [CgroupWrite] {
        guard let directory = layout.directory(path, controller: "") else { return [] }
        var writes = [CgroupWrite(file: "\(directory)/cpu.weight", value: "\(cpuWeight(shares: Self.shares(cpuRequest)))")]
        if let quota { writes.append(CgroupWrite(file: "\(directory)/cpu.max", value: "\(quota) \(Self.period)")) }
        if let memoryLimit {
            writes.append(CgroupWrite(file: "\(directory)/memory.max", value: "\(memoryLimit)"))
            // Absent on a kernel without swap accounting.
            writes.append(CgroupWrite(file: "\(directory)/memory.swap.max", value: "0", isOptional: true))
        }
        if let pidsLimit { writes.append(CgroupWrite(file: "\(directory)/pids.max", value: "\(pidsLimit)")) }
        for (size, bytes) in hugePages.sorted(by: { $0.key < $1.key }) {
            let file = "\(directory)/hugetlb.\(Self.kernelSize(size))"
            writes.append(CgroupWrite(file: "\(file).max", value: "\(bytes)", isOptional: bytes == 0))
            // What is reserved, Linux 5.7: mmap(2) then says ENOMEM, where else the first touch of the page beyond would be the end.
            if bytes > 0 { writes.append(CgroupWrite(file: "\(file).rsvd.max", value: "\(bytes)", isOptional: true)) }
        }
        return writes
    }

    private func legacyWrites(at path: String, in layout: CgroupLayout) -> [CgroupWrite] {
        var writes: [CgroupWrite] = []
        func add(_ controller: String, _ file: String, _ value: Int, isOptional: Bool = false) {
            guard let directory = layout.directory(path, controller: controller) else { return }
            writes.append(CgroupWrite(file: "\(directory)/\(file)", value: "\(value)", isOptional: isOptional))
        }
        add("cpu", "cpu.shares", Self.shares(cpuRequest))
        if let quota {
            add("cpu", "cpu.cfs_period_us", Self.period)
            add("cpu", "cpu.cfs_quota_us", quota)
        }
        if let memoryLimit {
            add("memory", "memory.limit_in_bytes", memoryLimit)
            add("memory", "memory.memsw.limit_in_bytes", memoryLimit, isOptional: true)
        }
        if let pidsLimit { add("pids", "pids.max", pidsLimit) }
        for (size, bytes) in hugePages.sorted(by: { $0.key < $1.key }) {
            let file = "hugetlb.\(Self.kernelSize(size))"
            add("hugetlb", "\(file).limit_in_bytes", bytes, isOptional: bytes == 0)
            if bytes > 0 { add("hugetlb", "\(file).rsvd.limit_in_bytes", bytes, isOptional: true) }
        }
        return writes
    }

    /// Microseconds of CPU a period; the kernel takes no less than a millisecond.
    var quota: Int? { cpuLimit.map { max($0 * Self.period / 1000, 1000) } }

    /// cgroup v1 `cpu.shares`: 2...262_144, 1024 for one CPU.
    static func shares(_ milliCPU: Int) -> Int { min(max(milliCPU * 1024 / 1000, 2), 262_144) }

    /// `2Mi` is `2MB` in the kernel's file names.
    private static func kernelSize(_ size: String) -> String { size.replacing("i", with: "B") }
}

/// The `cpu.weight` for cgroup v1 shares.
///
/// - Returns: 1...10_000. 1024 shares, one CPU, give 100 minus nothing: the kernel's default.
/// - Note: the curve OCI runtimes agreed on (opencontainers/cgroups pull 20).
func cpuWeight(shares: Int) -> Int {
    let exponent = log2(Double(min(max(shares, 2), 262_144)))
    let weight = pow(10, (exponent * exponent + 125 * exponent) / 612 - 7.0 / 34)
    return min(max(Int(weight.rounded(.up)), 1), 10_000)
}

extension ResourcePlan {
    /// What the container's own cgroup gets; pod-level limits hold where the container has none.
    init(container: Container, in pod: Pod, on node: NodeFacts) {
        let requests = ResourceAmounts(container.resources.effectiveRequests)
        let podLimits = ResourceAmounts(pod.spec.resources?.limits ?? [:])
        let limits = ResourceAmounts(container.resources.limits).filter { $0.value > 0 }
        cpuRequest = requests["cpu"] ?? 0
        cpuLimit = limits["cpu"] ?? podLimits["cpu"]
        memoryLimit = limits["memory"] ?? podLimits["memory"]
        hugePages = Self.hugePages(podLimits.merging(limits) { _, own in own }, on: node)
    }

    /// What the pod's cgroup gets: limits only where every container has one, or the pod itself.
    init(pod: Pod, on node: NodeFacts) {
        let spec = pod.spec
        let limits = spec.limits
        let requests = spec.requests
        func isLimited(_ name: String) -> Bool {
            spec.resources?.limits[name]?.nonZero != nil
                || (spec.containers + spec.initContainers).allSatisfy { $0.resources.limits[name]?.nonZero != nil }
        }
        let isBestEffort = QOSClass(of: spec) == .bestEffort
        cpuRequest = isBestEffort ? 0 : requests["cpu"] ?? 0
        cpuLimit = isLimited("cpu") ? limits["cpu"] : nil
        memoryLimit = isLimited("memory") ? limits["memory"] : nil
        pidsLimit = node.podPIDsLimit
        hugePages = Self.hugePages(limits, on: node)
    }

    /// A page size the node has and the limits do not mention is forbidden, as in kubelet.
    private static func hugePages(_ limits: ResourceAmounts, on node: NodeFacts) -> [String: Int] {
        let prefix = "hugepages-"
        let sizes = node.allocatable.keys.filter { $0.hasPrefix(prefix) }
        return Dictionary(uniqueKeysWithValues: sizes.map { (String($0.dropFirst(prefix.count)), limits[$0] ?? 0) })
    }
}
