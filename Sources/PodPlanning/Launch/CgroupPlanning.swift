package import KubeAPI
package import SandboxPlan

/// Relative path of a pod's cgroup, such as `kubepods/burstable/pod<uid>`.
package func cgroupPath(of pod: Pod) -> String { "\(QOSClass(of: pod.spec).cgroupParent)/pod\(pod.metadata.uid)" }

/// The cgroups above the pods, in order of creation: `kubepods` and its two quality-of-service classes. Applied when the
/// agent starts, and again when pods come or go, because the shares of the burstable class are the sum of its pods'.
/// Source: Kubernetes, "Node Allocatable"; kubelet's cgroup tree.
package func nodeCgroups(for pods: [Pod], on node: NodeFacts) -> [CgroupPlan] {
    let allocatable = ResourceAmounts(node.allocatable)
    let burstable = pods.filter { QOSClass(of: $0.spec) == .burstable }.reduce(0) { $0 + ($1.spec.requests["cpu"] ?? 0) }
    let parts = [
        ("kubepods", ResourcePlan(cpuRequest: allocatable["cpu"] ?? 0, memoryLimit: node.podMemory ?? allocatable["memory"])),
        ("kubepods/burstable", ResourcePlan(cpuRequest: burstable)),
        ("kubepods/besteffort", ResourcePlan(cpuRequest: 0)),
    ]
    let root = delegations(at: "", in: node.cgroups)
    return parts.enumerated().map { index, part in
        CgroupPlan(
            directories: node.cgroups.directories(part.0),
            writes: (index == 0 ? root : []) + part.1.writes(at: part.0, in: node.cgroups) + delegations(at: part.0, in: node.cgroups))
    }
}

/// The pod's own cgroup. Devices are for an OCI runtime to see to, container by container: it would fail at a pod that has fewer than
/// it gives. On v2 it hands its controllers on, so that no process may be in it: only its containers' cgroups have members.
func cgroupPlan(for pod: Pod, runtime: OCIRuntime?, on node: NodeFacts) -> CgroupPlan {
    let path = cgroupPath(of: pod)
    let resources = ResourcePlan(pod: pod, on: node)
    let seesToDevices = runtime == nil && !pod.spec.hasPrivileged
    return CgroupPlan(
        directories: node.cgroups.directories(path, isFreezable: runtime != nil),
        writes: resources.writes(at: path, in: node.cgroups) + delegations(at: path, in: node.cgroups)
            + (seesToDevices ? deviceWrites(at: path, in: node.cgroups) : []),
        deviceFilter: node.cgroups.isUnified && seesToDevices ? deviceFilter(DeviceRule.container) : [])
}

func cgroupPlan(for container: Container, in pod: Pod, id: String, runtime: OCIRuntime?, on node: NodeFacts) -> CgroupPlan {
    let path = "\(cgroupPath(of: pod))/\(id)"
    var writes = ResourcePlan(container: container, in: pod, on: node).writes(at: path, in: node.cgroups)
    if node.cgroups.isUnified, let directory = node.cgroups.directory(path, controller: "") {
        // A container that runs out of memory ends as a whole. Source: kubelet `singleProcessOOMKill`.
        writes.append(CgroupWrite(file: "\(directory)/memory.oom.group", value: "1", isOptional: true))
    }
    // Else inherited from the pod's cgroup, which is a dozen writes less for every start.
    let isConfined = runtime == nil && pod.spec.hasPrivileged && !container.securityContext.privileged
    if isConfined { writes += deviceWrites(at: path, in: node.cgroups) }
    return CgroupPlan(
        directories: node.cgroups.directories(path, isFreezable: runtime != nil), writes: writes,
        deviceFilter: isConfined && node.cgroups.isUnified ? deviceFilter(DeviceRule.container) : [])
}

/// On v2, a cgroup passes each controller on to its children by a write of its own, so that one the kernel lacks does not stop the others.
private func delegations(at path: String, in layout: CgroupLayout) -> [CgroupWrite] {
    guard case .v2(let mountPoint) = layout else { return [] }
    let directory = path.isEmpty ? mountPoint : "\(mountPoint)/\(path)"
    return ["cpu", "memory", "pids", "hugetlb"].map {
        CgroupWrite(file: "\(directory)/cgroup.subtree_control", value: "+\($0)", isOptional: true)
    }
}

/// Which devices may be opened, on v1.
private func deviceWrites(at path: String, in layout: CgroupLayout) -> [CgroupWrite] {
    guard !layout.isUnified, let directory = layout.directory(path, controller: "devices") else { return [] }
    return [CgroupWrite(file: "\(directory)/devices.deny", value: "a")]
        + DeviceRule.container.map { CgroupWrite(file: "\(directory)/devices.allow", value: $0.line) }
}

extension PodSpec {
    fileprivate var hasPrivileged: Bool { allContainers.contains(where: \.securityContext.privileged) }
}
