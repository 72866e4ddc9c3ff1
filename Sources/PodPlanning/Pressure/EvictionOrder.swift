package import KubeAPI

/// A pod, and what it takes of the node.
package struct PodConsumption: Hashable, Sendable {
    package var pod: Pod
    /// Working set. Bytes.
    package var memory = 0
    /// Writable layers, logs and emptyDirs on disk. Bytes.
    package var disk = 0
    package var inodes = 0
    package var processes = 0
    /// Working set and disk of each container, by name. Bytes.
    package var containerMemory: [String: Int] = [:]
    package var containerDisk: [String: Int] = [:]
    /// Bytes in each emptyDir that is on disk, by name.
    package var emptyDirs: [String: Int] = [:]

    package init(pod: Pod) { self.pod = pod }

    fileprivate func used(_ signal: EvictionSignal) -> Int {
        switch signal {
        case .memory: memory
        case .nodeDisk, .imageDisk: disk
        case .nodeInodes, .imageInodes: inodes
        case .processes: processes
        }
    }
}

extension Pod {
    /// Never evicted: static pods, their mirrors, and those of a system priority. Source: kubelet `IsCriticalPod`.
    package var isCritical: Bool {
        metadata.annotations["kubernetes.io/config.source"] == "file" || metadata.annotations["kubernetes.io/config.mirror"] != nil
            || (spec.priority ?? 0) >= 2_000_000_000
    }
}

/// Who goes first when the node is short of something: those above their requests, then the less important, then those
/// furthest above their requests. Source: kubelet `pkg/kubelet/eviction/helpers.go`, the `rank...Pressure` functions.
package func evictionOrder(_ pods: [PodConsumption], for signal: EvictionSignal) -> [PodConsumption] {
    func excess(_ pod: PodConsumption) -> Int {
        // Nobody asks for processes or inodes.
        pod.used(signal) - (signal == .processes ? 0 : pod.pod.spec.requests[signal.resource] ?? 0)
    }
    func rank(_ pod: PodConsumption) -> (Int, Int, Int) {
        (signal == .processes || excess(pod) > 0 ? 0 : 1, pod.pod.spec.priority ?? 0, -excess(pod))
    }
    return pods.filter { !$0.pod.isCritical }.sorted {
        let (left, right) = (rank($0), rank($1))
        return left == right ? $0.pod.metadata.uid < $1.pod.metadata.uid : left < right
    }
}

/// Why a pod goes, as `status.message` says it.
package func evictionMessage(for pod: PodConsumption, short threshold: EvictionThreshold, _ seen: EvictionObservation) -> String {
    let resource = threshold.signal.resource
    var message = "The node was low on resource: \(resource). "
    let quantity = { (value: Int) in
        resource == "memory" || resource == "ephemeral-storage" ? value.binaryText : "\(value)"
    }
    message += "Threshold quantity: \(quantity(threshold.amount.value(of: seen.capacity))), available: \(quantity(seen.available)). "
    let usage = resource == "memory" ? pod.containerMemory : resource == "ephemeral-storage" ? pod.containerDisk : [:]
    for container in pod.pod.spec.containers + pod.pod.spec.initContainers {
        let request = container.resources.effectiveRequests[resource]?.value ?? 0
        guard let used = usage[container.name], used > request else { continue }
        message += "Container \(container.name) was using \(quantity(used)), request is \(quantity(request)), has larger consumption of \(resource). "
    }
    return message
}

/// Why a pod has to go for what it wrote to the node's disk; nil while it keeps to its limits.
/// Source: kubelet `localStorageEviction`.
package func storageExcess(of pod: PodConsumption) -> String? {
    let spec = pod.pod.spec
    for volume in spec.volumes {
        guard let limit = volume.emptyDir?.sizeLimit, limit.value > 0, let used = pod.emptyDirs[volume.name], used > limit.value else { continue }
        return "Usage of EmptyDir volume \"\(volume.name)\" exceeds the limit \"\(limit)\". "
    }
    if let limit = spec.limits["ephemeral-storage"], limit > 0, pod.disk > limit {
        return "Pod ephemeral local storage usage exceeds the total limit of containers \(limit.binaryText). "
    }
    for container in spec.containers + spec.initContainers {
        guard let limit = container.resources.limits["ephemeral-storage"], limit.value > 0, let used = pod.containerDisk[container.name],
            used > limit.value
        else { continue }
        return "Container \(container.name) exceeded its local ephemeral storage limit \"\(limit)\". "
    }
    return nil
}

extension Int {
    /// Bytes in the largest unit that they are a whole number of, as Kubernetes writes quantities: `100Mi`.
    fileprivate var binaryText: String {
        var (value, units) = (self, ["", "Ki", "Mi", "Gi", "Ti"][...])
        while value != 0, value % 1024 == 0, units.count > 1 {
            value /= 1024
            units.removeFirst()
        }
        return "\(value)\(units.first ?? "")"
    }
}

extension PodSpec {
    /// Whether anything it writes to the node's disk is limited.
    package var limitsStorage: Bool {
        volumes.contains { $0.emptyDir?.sizeLimit != nil && $0.emptyDir?.medium.isEmpty == true }
            || allContainers.contains { $0.resources.limits["ephemeral-storage"] != nil }
    }
}

/// Why a node under pressure does not take a pod on; nil when it does. Source: kubelet eviction manager, `Admit`.
package func pressureFailure(of pod: Pod, under conditions: Set<String>) -> PodFailure? {
    guard !conditions.isEmpty, !pod.isCritical else { return nil }
    if conditions == ["MemoryPressure"] {
        if QOSClass(of: pod.spec) != .bestEffort { return nil }
        let taint = Taint(key: "node.kubernetes.io/memory-pressure", effect: "NoSchedule")
        if pod.spec.tolerations.contains(where: { $0.tolerates(taint) }) { return nil }
    }
    return PodFailure(reason: "Evicted", message: "The node had condition: [\(conditions.sorted().joined(separator: " "))]. ")
}
