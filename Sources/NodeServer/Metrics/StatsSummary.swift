import KubeAPI
import LinuxSystem

/// `/stats/summary`. Source: Kubernetes kubelet `stats/v1alpha1`.
struct StatsSummary: Encodable {
    let node: NodeStats
    let pods: [PodStats]

    init(_ usage: NodeUsage) {
        let time = Timestamp(usage.time)
        node = NodeStats(usage, time: time)
        pods = usage.pods.map { PodStats($0, time: time) }
    }

    struct CPU: Encodable {
        let time: Timestamp
        /// Left out while it is not known.
        let usageNanoCores: UInt64?
        let usageCoreNanoSeconds: UInt64

        init(_ usage: ResourceUsage, time: Timestamp) {
            self.time = time
            usageNanoCores = usage.nanoCores
            usageCoreNanoSeconds = usage.cpuNanoseconds
        }
    }

    struct Memory: Encodable {
        let time: Timestamp
        let workingSetBytes: UInt64
    }

    struct FileSystem: Encodable {
        let time: Timestamp
        let availableBytes: Int
        let capacityBytes: Int
        let usedBytes: Int
        let inodesFree: Int
        let inodes: Int
        let inodesUsed: Int

        init?(_ space: FileSystemSpace?, time: Timestamp) {
            guard let space else { return nil }
            self.time = time
            availableBytes = space.availableBytes
            capacityBytes = space.capacityBytes
            usedBytes = space.usedBytes
            inodesFree = space.availableInodes
            inodes = space.inodes
            inodesUsed = space.inodes - space.availableInodes
        }
    }

    struct Runtime: Encodable {
        let imageFs: FileSystem?
    }

    struct NodeStats: Encodable {
        let nodeName: String
        let startTime: Timestamp
        let cpu: CPU
        let memory: Memory
        let fs: FileSystem?
        let runtime: Runtime

        init(_ usage: NodeUsage, time: Timestamp) {
            nodeName = usage.nodeName
            startTime = Timestamp(usage.node.startTime)
            cpu = CPU(usage.node, time: time)
            memory = Memory(time: time, workingSetBytes: usage.node.workingSetBytes)
            fs = FileSystem(usage.fileSystem, time: time)
            runtime = Runtime(imageFs: FileSystem(usage.imageFileSystem, time: time))
        }
    }

    struct PodReference: Encodable {
        let name: String
        let namespace: String
        let uid: String
    }

    struct ContainerStats: Encodable {
        let name: String
        let startTime: Timestamp
        let cpu: CPU
        let memory: Memory
    }

    struct PodStats: Encodable {
        let podRef: PodReference
        let startTime: Timestamp
        let containers: [ContainerStats]
        let cpu: CPU
        let memory: Memory

        init(_ pod: PodUsage, time: Timestamp) {
            podRef = PodReference(name: pod.name, namespace: pod.namespace, uid: pod.uid)
            startTime = Timestamp(pod.total.startTime)
            containers = pod.containers.map {
                ContainerStats(
                    name: $0.name, startTime: Timestamp($0.usage.startTime),
                    cpu: CPU($0.usage, time: time),
                    memory: Memory(time: time, workingSetBytes: $0.usage.workingSetBytes))
            }
            cpu = CPU(pod.total, time: time)
            memory = Memory(time: time, workingSetBytes: pod.total.workingSetBytes)
        }
    }
}
