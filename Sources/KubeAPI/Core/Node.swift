/// Source: Kubernetes API reference, Node v1 core.
package struct Node: KubeObject, Hashable {
    package static let apiVersion = "v1"
    package static let kind = "Node"
    package static let resource = "nodes"
    package static let isNamespaced = false

    package var apiVersion = Node.apiVersion
    package var kind = Node.kind
    package var metadata = ObjectMeta()
    package var spec = NodeSpec()
    package var status = NodeStatus()
    package init() {}
}

package struct NodeSpec: Codable, Hashable, Sendable, GoZero {
    package var podCIDR = ""
    package var podCIDRs: [String] = []
    package var providerID = ""
    package var unschedulable = false
    package var taints: [Taint] = []
    package init() {}
}

package struct Taint: Codable, Hashable, Sendable {
    package var key = ""
    package var value = ""
    package var effect = ""
    package init(key: String, value: String = "", effect: String) {
        self.key = key
        self.value = value
        self.effect = effect
    }
}

package struct NodeStatus: Codable, Hashable, Sendable, GoZero {
    package var capacity: [String: Quantity] = [:]
    package var allocatable: [String: Quantity] = [:]
    package var conditions: [NodeCondition] = []
    package var addresses: [NodeAddress] = []
    package var daemonEndpoints: NodeDaemonEndpoints?
    package var nodeInfo: NodeSystemInfo?
    package var images: [ContainerImage] = []
    package var volumesInUse: [String] = []
    package var volumesAttached: [AttachedVolume] = []
    package var runtimeHandlers: [NodeRuntimeHandler] = []
    package var features: NodeFeatures?
    /// Sorted and unique.
    package var declaredFeatures: [String] = []
    package init() {}
}

package struct NodeFeatures: Codable, Hashable, Sendable {
    package var supplementalGroupsPolicy: Bool?
    package init(supplementalGroupsPolicy: Bool?) { self.supplementalGroupsPolicy = supplementalGroupsPolicy }
}

package struct NodeRuntimeHandler: Codable, Hashable, Sendable {
    package var name = ""
    package var features: NodeRuntimeHandlerFeatures?
    package init(name: String, features: NodeRuntimeHandlerFeatures?) {
        self.name = name
        self.features = features
    }
}

package struct NodeRuntimeHandlerFeatures: Codable, Hashable, Sendable {
    package var recursiveReadOnlyMounts: Bool?
    package var userNamespaces: Bool?
    package init(recursiveReadOnlyMounts: Bool?, userNamespaces: Bool?) {
        self.recursiveReadOnlyMounts = recursiveReadOnlyMounts
        self.userNamespaces = userNamespaces
    }
}

package struct AttachedVolume: Codable, Hashable, Sendable {
    package var name = ""
    package var devicePath = ""
}

package struct NodeCondition: Codable, Hashable, Sendable {
    package var type = ""
    package var status = ""
    package var lastHeartbeatTime: Timestamp?
    package var lastTransitionTime: Timestamp?
    package var reason = ""
    package var message = ""
    package init(type: String, status: String, reason: String, message: String) {
        self.type = type
        self.status = status
        self.reason = reason
        self.message = message
    }
}

/// `type` is Hostname, InternalIP, ExternalIP, InternalDNS or ExternalDNS.
package struct NodeAddress: Codable, Hashable, Sendable {
    package var type = ""
    package var address = ""
    package init(type: String, address: String) {
        self.type = type
        self.address = address
    }
}

package struct NodeDaemonEndpoints: Codable, Hashable, Sendable {
    package var kubeletEndpoint: DaemonEndpoint?
    package init(kubeletEndpoint: DaemonEndpoint) { self.kubeletEndpoint = kubeletEndpoint }
}

/// The API spells this field with a capital letter.
package struct DaemonEndpoint: Codable, Hashable, Sendable {
    package var port = 0
    package init(port: Int) { self.port = port }
    enum CodingKeys: String, CodingKey { case port = "Port" }
}

package struct NodeSystemInfo: Codable, Hashable, Sendable, GoZero {
    package var machineID = ""
    package var systemUUID = ""
    package var bootID = ""
    package var kernelVersion = ""
    package var osImage = ""
    package var containerRuntimeVersion = ""
    package var kubeletVersion = ""
    package var kubeProxyVersion = ""
    package var operatingSystem = ""
    package var architecture = ""
    package init() {}
}

package struct ContainerImage: Codable, Hashable, Sendable {
    package var names: [String] = []
    package var sizeBytes = 0
    package init(names: [String], sizeBytes: Int) {
        self.names = names
        self.sizeBytes = sizeBytes
    }
}
