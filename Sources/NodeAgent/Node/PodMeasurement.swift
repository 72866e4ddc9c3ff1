import ContainerRuntime
import KubeAPI
import LinuxSystem
import PodPlanning

/// Reads what a pod takes of the node from the kernel and the disk.
extension PodConsumption {
    /// - Parameter runs: ids of the running containers, by name.
    mutating func measureProcesses(_ runs: [String: String], in facts: NodeFacts) {
        let path = cgroupPath(of: pod)
        // A cgroup that is gone uses nothing any more.
        guard let whole = CgroupStatistics(of: path, in: facts.cgroups) else { return }
        memory = Int(clamping: whole.memoryWorkingSetBytes)
        for (name, id) in runs {
            guard let own = CgroupStatistics(of: "\(path)/\(id)", in: facts.cgroups) else { continue }
            containerMemory[name] = Int(clamping: own.memoryWorkingSetBytes)
            processes += Int(clamping: own.processes)
        }
    }

    mutating func measureDisk(_ runs: [String: String], in facts: NodeFacts) throws(SystemCallError) {
        var total = TreeUsage()
        for container in pod.spec.allContainers {
            var own = try TreeUsage(of: "\(facts.paths.podLogDirectory(pod.identity))/\(container.name)")
            if let id = runs[container.name] { own.add(try TreeUsage(of: facts.paths.containerScratch(id))) }
            containerDisk[container.name] = own.bytes
            total.add(own)
        }
        for volume in pod.spec.volumes {
            guard let empty = volume.emptyDir, empty.medium.isEmpty else { continue }
            let own = try TreeUsage(of: facts.paths.volume(volume.name, plugin: "kubernetes.io/empty-dir", of: pod.metadata.uid))
            emptyDirs[volume.name] = own.bytes
            total.add(own)
        }
        disk = total.bytes
        inodes = total.inodes
    }
}
