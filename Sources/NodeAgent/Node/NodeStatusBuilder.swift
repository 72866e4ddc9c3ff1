package import FoundationEssentials
package import KubeAPI
package import LinuxSystem

/// What a node's status is made of besides its profile.
package struct NodeObservation: Hashable, Sendable {
    package var storage: FileSystemSpace
    package var memory: MemoryInfo
    /// The conditions that pressure has made true.
    package var pressure: Set<String>
    /// Largest first.
    package var images: [ContainerImage]
    package var volumesInUse: [String]
    /// Why pods cannot run at present; nil when they can.
    package var notReady: String?
    /// The ledger's disk is so full that only the space kept for the purpose lets it write.
    package var isLedgerOnReserve = false

    package init(
        storage: FileSystemSpace, memory: MemoryInfo, pressure: Set<String> = [], images: [ContainerImage] = [],
        volumesInUse: [String] = [], notReady: String? = nil
    ) {
        self.storage = storage
        self.memory = memory
        self.pressure = pressure
        self.images = images
        self.volumesInUse = volumesInUse
        self.notReady = notReady
    }
}

extension NodeProfile {
    /// Features that change how an API server or scheduler treats this node; sorted. Source: KEP-5328.
    static let declaredFeatures = [
        "ExtendWebSocketsToKubelet", "InPlacePodLevelResourcesVerticalScaling", "InPlacePodVerticalScalingInitContainers",
        "RestartAllContainersOnContainerExits",
    ]
    /// At most this many images are listed. Source: kubelet `nodeStatusMaxImages`.
    private static let imageLimit = 50

    /// - Parameter previous: the status last published: conditions keep the time of their last change from it, and those
    ///   of other owners stay.
    package func status(from seen: NodeObservation, previous: NodeStatus, now: Date) -> NodeStatus {
        var status = previous
        status.capacity = capacity(storageBytes: seen.storage.capacityBytes)
        status.allocatable = allocatable(storageBytes: seen.storage.capacityBytes)
        status.addresses = addresses.map { NodeAddress(type: "InternalIP", address: $0) } + [NodeAddress(type: "Hostname", address: name)]
        status.daemonEndpoints = NodeDaemonEndpoints(kubeletEndpoint: DaemonEndpoint(port: port))
        status.nodeInfo = nodeInfo
        status.images = seen.images.prefix(Self.imageLimit).map(\.self)
        status.volumesInUse = seen.volumesInUse
        // The default, and the name a RuntimeClass gives it.
        status.runtimeHandlers = ["", RuntimeHandler.builtIn].map { name in
            NodeRuntimeHandler(
                name: name,
                features: NodeRuntimeHandlerFeatures(
                    recursiveReadOnlyMounts: supportsRecursiveReadOnly, userNamespaces: supportsUserNamespaces))
        }
        // Mounts are prepared for them; a user namespace is not.
        status.runtimeHandlers += runtimes.map { name in
            NodeRuntimeHandler(
                name: name, features: NodeRuntimeHandlerFeatures(recursiveReadOnlyMounts: supportsRecursiveReadOnly, userNamespaces: false))
        }
        status.features = NodeFeatures(supplementalGroupsPolicy: true)
        status.declaredFeatures = Self.declaredFeatures
        for condition in conditions(from: seen) { status.set(condition, now: now) }
        return status
    }

    private var nodeInfo: NodeSystemInfo {
        var info = NodeSystemInfo()
        info.machineID = machine.machineID
        info.systemUUID = machine.systemUUID
        info.bootID = machine.bootID
        info.kernelVersion = machine.kernelVersion
        info.osImage = machine.osImage
        info.containerRuntimeVersion = runtimeVersion
        info.kubeletVersion = kubeletVersion
        info.operatingSystem = "linux"
        info.architecture = machine.architecture
        return info
    }

    private func conditions(from seen: NodeObservation) -> [NodeCondition] {
        let ready =
            seen.notReady.map { NodeCondition(type: "Ready", status: "False", reason: "KubeletNotReady", message: $0) }
            ?? NodeCondition(type: "Ready", status: "True", reason: "KubeletReady", message: "berthd is posting ready status")
        return [
            seen.pressure.contains("MemoryPressure")
                ? NodeCondition(type: "MemoryPressure", status: "True", reason: "KubeletHasInsufficientMemory", message: "berthd has insufficient memory available")
                : NodeCondition(type: "MemoryPressure", status: "False", reason: "KubeletHasSufficientMemory", message: "berthd has sufficient memory available"),
            seen.isLedgerOnReserve
                ? NodeCondition(
                    type: "DiskPressure", status: "True", reason: "LedgerOnReserve",
                    message: "the disk of the ledger is full: what must be kept is written to space set aside for it, events are not kept")
                : seen.pressure.contains("DiskPressure")
                ? NodeCondition(type: "DiskPressure", status: "True", reason: "KubeletHasDiskPressure", message: "berthd has disk pressure")
                : NodeCondition(type: "DiskPressure", status: "False", reason: "KubeletHasNoDiskPressure", message: "berthd has no disk pressure"),
            seen.pressure.contains("PIDPressure")
                ? NodeCondition(type: "PIDPressure", status: "True", reason: "KubeletHasInsufficientPID", message: "berthd has insufficient PID available")
                : NodeCondition(type: "PIDPressure", status: "False", reason: "KubeletHasSufficientPID", message: "berthd has sufficient PID available"),
            ready,
        ]
    }
}

extension NodeStatus {
    /// Replaces the condition of the same type; `lastTransitionTime` moves only with its status.
    mutating func set(_ condition: NodeCondition, now: Date) {
        var condition = condition
        condition.lastHeartbeatTime = Timestamp(now)
        condition.lastTransitionTime = Timestamp(now)
        guard let index = conditions.firstIndex(where: { $0.type == condition.type }) else {
            conditions.append(condition)
            return
        }
        if conditions[index].status == condition.status { condition.lastTransitionTime = conditions[index].lastTransitionTime }
        conditions[index] = condition
    }

    /// Equal apart from the heartbeat times.
    func says(theSameAs other: NodeStatus) -> Bool {
        func silent(_ status: NodeStatus) -> NodeStatus {
            var status = status
            for index in status.conditions.indices { status.conditions[index].lastHeartbeatTime = nil }
            return status
        }
        return silent(self) == silent(other)
    }
}
