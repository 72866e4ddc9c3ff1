package import KubeAPI

/// One `hostPort`, as the `portMappings` capability wants it. Source: CNI conventions, "Dynamic plugin specific fields".
package struct PortMapping: Codable, Hashable, Sendable {
    package var hostPort: Int
    package var containerPort: Int
    /// In lower case: tcp, udp or sctp.
    package var `protocol`: String
    /// Empty for every address of the node.
    package var hostIP: String

    package init(hostPort: Int, containerPort: Int, protocol: String = "tcp", hostIP: String = "") {
        self.hostPort = hostPort
        self.containerPort = containerPort
        self.protocol = `protocol`
        self.hostIP = hostIP
    }

    /// The host ports of a pod's containers, init containers first: a sidecar may have them too.
    package static func of(_ pod: PodSpec) -> [PortMapping] {
        (pod.initContainers + pod.containers).flatMap(\.ports).filter { $0.hostPort != 0 }.map {
            PortMapping(
                hostPort: $0.hostPort, containerPort: $0.containerPort,
                protocol: $0.protocol.isEmpty ? "tcp" : $0.protocol.lowercased(), hostIP: $0.hostIP)
        }
    }

    var json: JSONValue {
        var value: JSONValue = ["hostPort": .int(hostPort), "containerPort": .int(containerPort), "protocol": .string(`protocol`)]
        if !hostIP.isEmpty { value["hostIP"] = .string(hostIP) }
        return value
    }
}
