package import FoundationEssentials
package import LinuxSystem

/// Resource use of the node and of what runs on it, read at `time`.
package struct NodeUsage: Sendable {
    package var time: Date
    package var nodeName: String
    /// Of the whole machine.
    package var node: ResourceUsage
    /// Where pods write, and where images lie; nil when it cannot be asked.
    package var fileSystem: FileSystemSpace?
    package var imageFileSystem: FileSystemSpace?
    package var pods: [PodUsage]
    package init(time: Date, nodeName: String, node: ResourceUsage, pods: [PodUsage]) {
        self.time = time
        self.nodeName = nodeName
        self.node = node
        self.pods = pods
    }
}

package struct PodUsage: Sendable {
    package var namespace: String
    package var name: String
    package var uid: String
    package var total: ResourceUsage
    package var containers: [ContainerUsage]
    package init(namespace: String, name: String, uid: String, total: ResourceUsage, containers: [ContainerUsage]) {
        self.namespace = namespace
        self.name = name
        self.uid = uid
        self.total = total
        self.containers = containers
    }
}

package struct ContainerUsage: Sendable {
    package var name: String
    package var usage: ResourceUsage
    package init(name: String, usage: ResourceUsage) {
        self.name = name
        self.usage = usage
    }
}

package struct ResourceUsage: Sendable {
    package var startTime: Date
    /// Nanoseconds of CPU time since the start.
    package var cpuNanoseconds: UInt64
    /// Nanoseconds of CPU time per second, lately; nil before there was a second look.
    package var nanoCores: UInt64?
    /// Bytes that cannot be reclaimed without effort: usage minus inactive file pages.
    package var workingSetBytes: UInt64
    package init(startTime: Date, cpuNanoseconds: UInt64, workingSetBytes: UInt64) {
        self.startTime = startTime
        self.cpuNanoseconds = cpuNanoseconds
        self.workingSetBytes = workingSetBytes
    }
}
