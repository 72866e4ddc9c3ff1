import SandboxPlan

extension ResourcePlan {
    /// The looser of both in everything, which either may be changed into without a container above its pod.
    func ceiling(_ other: ResourcePlan) -> ResourcePlan {
        func looser(_ left: Int?, _ right: Int?) -> Int? { left.flatMap { left in right.map { max(left, $0) } } }
        var result = self
        result.cpuRequest = max(cpuRequest, other.cpuRequest)
        result.cpuLimit = looser(cpuLimit, other.cpuLimit)
        result.memoryLimit = looser(memoryLimit, other.memoryLimit)
        return result
    }

    /// Only what differs from `old`; a limit that is gone is written as the kernel's word for none.
    func updates(from old: ResourcePlan, at path: String, in layout: CgroupLayout) -> [CgroupWrite] {
        var writes: [CgroupWrite] = []
        func add(_ controller: String, _ file: String, _ value: String, isOptional: Bool = false) {
            guard let directory = layout.directory(path, controller: controller) else { return }
            writes.append(CgroupWrite(file: "\(directory)/\(file)", value: value, isOptional: isOptional))
        }
        let isUnified = layout.isUnified
        if cpuRequest != old.cpuRequest {
            let shares = Self.shares(cpuRequest)
            add("cpu", isUnified ? "cpu.weight" : "cpu.shares", isUnified ? "\(cpuWeight(shares: shares))" : "\(shares)")
        }
        if cpuLimit != old.cpuLimit {
            if isUnified {
                add("cpu", "cpu.max", "\(quota.map(String.init) ?? "max") \(Self.period)")
            } else {
                add("cpu", "cpu.cfs_quota_us", "\(quota ?? -1)")
            }
        }
        if memoryLimit != old.memoryLimit {
            if isUnified {
                add("memory", "memory.max", memoryLimit.map(String.init) ?? "max")
            } else {
                let limit = "\(memoryLimit ?? -1)"
                // Memory and swap together are never below memory alone.
                let grows = (memoryLimit ?? .max) > (old.memoryLimit ?? .max)
                let files = [("memory.limit_in_bytes", false), ("memory.memsw.limit_in_bytes", true)]
                for (file, isOptional) in grows ? files.reversed() : files { add("memory", file, limit, isOptional: isOptional) }
            }
        }
        return writes
    }
}
