/// Source: Kubernetes API reference, PodStatus v1 core.
package struct PodStatus: Codable, Hashable, Sendable, GoZero {
    package var observedGeneration: Int?
    /// Pending, Running, Succeeded, Failed or Unknown.
    package var phase = ""
    package var conditions: [PodCondition] = []
    package var message = ""
    package var reason = ""
    package var nominatedNodeName = ""
    package var hostIP = ""
    package var hostIPs: [HostIP] = []
    package var podIP = ""
    package var podIPs: [PodIP] = []
    package var startTime: Timestamp?
    package var initContainerStatuses: [ContainerStatus] = []
    package var containerStatuses: [ContainerStatus] = []
    package var ephemeralContainerStatuses: [ContainerStatus] = []
    package var qosClass = ""
    /// Of a pod with resources of its own: what it was granted, and what its cgroup is set to.
    package var allocatedResources: [String: Quantity] = [:]
    package var resources: ResourceRequirements?
    package init() {}
}

package struct HostIP: Codable, Hashable, Sendable {
    package var ip = ""
    package init(ip: String) { self.ip = ip }
}

package struct PodIP: Codable, Hashable, Sendable {
    package var ip = ""
    package init(ip: String) { self.ip = ip }
}

package struct PodCondition: Codable, Hashable, Sendable {
    package var type = ""
    package var observedGeneration: Int?
    /// True, False or Unknown.
    package var status = ""
    package var lastProbeTime: Timestamp?
    package var lastTransitionTime: Timestamp?
    package var reason = ""
    package var message = ""

    package init(type: String, status: String, reason: String = "", message: String = "", lastTransitionTime: Timestamp? = nil) {
        self.type = type
        self.status = status
        self.reason = reason
        self.message = message
        self.lastTransitionTime = lastTransitionTime
    }
}

package struct ContainerStatus: Codable, Hashable, Sendable {
    package var name = ""
    package var state = ContainerState()
    package var lastState = ContainerState()
    /// Always written, as the API's consumers expect it.
    package var ready = false
    package var restartCount = 0
    package var image = ""
    package var imageID = ""
    /// `berth://<64 hex digits>`.
    package var containerID = ""
    package var started: Bool?
    package var allocatedResources: [String: Quantity] = [:]
    package var resources: ResourceRequirements?
    package var volumeMounts: [VolumeMountStatus] = []
    package var user: ContainerUser?
    package var stopSignal: String?

    package init(name: String) { self.name = name }

    enum CodingKeys: String, CodingKey {
        case name, state, lastState, ready, restartCount, image, imageID, containerID, started, allocatedResources, resources
        case volumeMounts, user, stopSignal
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        // `ready`, `restartCount`, `image` and `imageID` have no omitempty in the API.
        try container.encodeIfPresent(Optional(name), forKey: .name)
        try container.encodeIfPresent(Optional(ready), forKey: .ready)
        try container.encodeIfPresent(Optional(restartCount), forKey: .restartCount)
        try container.encodeIfPresent(Optional(image), forKey: .image)
        try container.encodeIfPresent(Optional(imageID), forKey: .imageID)
        try container.encode(state, forKey: .state)
        try container.encodeIfPresent(Optional(lastState), forKey: .lastState)
        try container.encode(containerID, forKey: .containerID)
        try container.encodeIfPresent(started, forKey: .started)
        try container.encode(allocatedResources, forKey: .allocatedResources)
        try container.encodeIfPresent(resources, forKey: .resources)
        try container.encode(volumeMounts, forKey: .volumeMounts)
        try container.encodeIfPresent(user, forKey: .user)
        try container.encodeIfPresent(stopSignal, forKey: .stopSignal)
    }
}

/// At most one of the three is set.
package struct ContainerState: Codable, Hashable, Sendable, GoZero {
    package var waiting: ContainerStateWaiting?
    package var running: ContainerStateRunning?
    package var terminated: ContainerStateTerminated?
    package init() {}
    package init(waiting: ContainerStateWaiting) { self.waiting = waiting }
    package init(running: ContainerStateRunning) { self.running = running }
    package init(terminated: ContainerStateTerminated) { self.terminated = terminated }
}

package struct ContainerStateWaiting: Codable, Hashable, Sendable {
    package var reason = ""
    package var message = ""
    package init(reason: String, message: String = "") {
        self.reason = reason
        self.message = message
    }
}

package struct ContainerStateRunning: Codable, Hashable, Sendable {
    package var startedAt: Timestamp?
    package init(startedAt: Timestamp?) { self.startedAt = startedAt }
}

package struct ContainerStateTerminated: Codable, Hashable, Sendable {
    package var exitCode = 0
    package var signal: Int?
    package var reason = ""
    package var message = ""
    package var startedAt: Timestamp?
    package var finishedAt: Timestamp?
    package var containerID = ""

    package init(exitCode: Int, signal: Int? = nil, reason: String, message: String = "", startedAt: Timestamp? = nil, finishedAt: Timestamp? = nil, containerID: String = "") {
        self.exitCode = exitCode
        self.signal = signal
        self.reason = reason
        self.message = message
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.containerID = containerID
    }

    enum CodingKeys: String, CodingKey {
        case exitCode, signal, reason, message, startedAt, finishedAt, containerID
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        // `exitCode` has no omitempty in the API: zero is its most common value.
        try container.encodeIfPresent(Optional(exitCode), forKey: .exitCode)
        try container.encodeIfPresent(signal, forKey: .signal)
        try container.encode(reason, forKey: .reason)
        try container.encode(message, forKey: .message)
        try container.encodeIfPresent(startedAt, forKey: .startedAt)
        try container.encodeIfPresent(finishedAt, forKey: .finishedAt)
        try container.encode(containerID, forKey: .containerID)
    }
}

package struct VolumeMountStatus: Codable, Hashable, Sendable {
    package var name = ""
    package var mountPath = ""
    package var readOnly = false
    package var recursiveReadOnly: String?
    package init(name: String, mountPath: String, readOnly: Bool) {
        self.name = name
        self.mountPath = mountPath
        self.readOnly = readOnly
    }
}

package struct ContainerUser: Codable, Hashable, Sendable {
    package var linux: LinuxContainerUser?
    package init(linux: LinuxContainerUser) { self.linux = linux }
}

package struct LinuxContainerUser: Codable, Hashable, Sendable {
    package var uid = 0
    package var gid = 0
    package var supplementalGroups: [Int] = []
    package init(uid: Int, gid: Int, supplementalGroups: [Int]) {
        self.uid = uid
        self.gid = gid
        self.supplementalGroups = supplementalGroups
    }

    enum CodingKeys: String, CodingKey { case uid, gid, supplementalGroups }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        // `uid` and `gid` have no omitempty in the API: root is an answer.
        try container.encodeIfPresent(Optional(uid), forKey: .uid)
        try container.encodeIfPresent(Optional(gid), forKey: .gid)
        try container.encode(supplementalGroups, forKey: .supplementalGroups)
    }
}

extension PodStatus {
    /// Nothing of the pod runs, and nothing will.
    package var isTerminal: Bool { phase == "Succeeded" || phase == "Failed" }
}
