package import KubeAPI
package import SandboxPlan

/// One step of carrying a granted resize out.
package enum ResizeAction: Hashable, Sendable {
    /// These writes, in order; afterwards `ContainerRun.resources` of the named containers is what was granted. `isComplete`:
    /// the pod's own cgroup is then as granted, too; else it has room for what runs until its containers have restarted.
    case write([CgroupWrite], containers: [String], isComplete: Bool)
    /// The container's resize policy wants a new run: set its `mustRestart` to `.resized`.
    case restart(container: String)
    /// Not now: the limit is below what is in use. The message of the PodResizeInProgress condition, with the reason Error.
    case refused(String)
}

/// How the running containers come from the resources they run with to those they were granted, so that at no moment the
/// pod's limit is below a container's. Source: KEP 1287.
///
/// - Parameters:
///   - pod: as granted.
///   - inForce: what the pod's own cgroup was last set to.
///   - memoryInUse: bytes by container name; asked for only where a memory limit goes down.
package func resizeActions(
    for pod: Pod, inForce: ResourceAllocation, record: PodRecord, memoryInUse: [String: Int], on node: NodeFacts
) -> [ResizeAction] {
    var before = inForce.applied(to: pod)
    let podOld = ResourcePlan(pod: before, on: node)
    let podNew = ResourcePlan(pod: pod, on: node)
    var restarts: [ResizeAction] = []
    var changed: [(container: Container, run: ContainerRun, old: ResourcePlan, new: ResourcePlan)] = []
    for container in pod.spec.initContainers + pod.spec.containers {
        guard let run = record[container: container.name].current, run.end == nil, let running = run.resources else { continue }
        var old = container
        old.resources = running
        before.spec.replace(old)
        let plans = (old: ResourcePlan(container: old, in: before, on: node), new: ResourcePlan(container: container, in: pod, on: node))
        guard running != container.resources || plans.old != plans.new else { continue }
        if container.mustRestart(from: running) {
            restarts.append(.restart(container: container.name))
        } else {
            changed.append((container, run, plans.old, plans.new))
        }
    }
    guard !changed.isEmpty || inForce != ResourceAllocation(of: pod.spec) else { return restarts }

    for change in changed {
        guard let limit = change.new.memoryLimit, limit < change.old.memoryLimit ?? .max else { continue }
        if let used = memoryInUse[change.container.name], used >= limit {
            let name = change.container.name
            return restarts + [.refused("cannot decrease memory limits: attempting to set container \"\(name)\" memory limit (\(limit)) below current usage (\(used))")]
        }
    }
    let path = cgroupPath(of: pod)
    let between = podOld.ceiling(podNew)
    var writes = between.updates(from: podOld, at: path, in: node.cgroups)
    // What shrinks makes room for what grows.
    for change in changed.sorted(by: { $0.new.memoryLimit ?? .max < $1.new.memoryLimit ?? .max }) {
        writes += change.new.updates(from: change.old, at: "\(path)/\(change.run.id)", in: node.cgroups)
    }
    // A container that is still to restart keeps its old limit until then.
    if restarts.isEmpty { writes += podNew.updates(from: between, at: path, in: node.cgroups) }
    return restarts + [.write(writes, containers: changed.map(\.container.name), isComplete: restarts.isEmpty)]
}

extension Container {
    /// Some amount that changed has the policy RestartContainer. Without a policy none is needed.
    fileprivate func mustRestart(from running: ResourceRequirements) -> Bool {
        resizePolicy.contains { policy in
            let name = policy.resourceName
            let isChanged = running.limits[name] != resources.limits[name] || running.effectiveRequests[name] != resources.effectiveRequests[name]
            return policy.restartPolicy == "RestartContainer" && isChanged
        }
    }
}

extension PodSpec {
    fileprivate mutating func replace(_ container: Container) {
        for index in containers.indices where containers[index].name == container.name { containers[index] = container }
        for index in initContainers.indices where initContainers[index].name == container.name { initContainers[index] = container }
    }
}
