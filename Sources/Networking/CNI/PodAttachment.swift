/// Whom a plugin is asked to connect.
package struct PodAttachment: Hashable, Sendable {
    /// Names the attachment for ever: addresses are reserved under it. One per sandbox, not per pod name.
    package var containerID: String
    /// The pod's network namespace, such as `/proc/<pid>/ns/net`; nil once it is gone.
    package var networkNamespace: String?
    package var namespace: String
    package var name: String
    package var uid: String
    package var portMappings: [PortMapping]

    package init(
        containerID: String, networkNamespace: String?, namespace: String, name: String, uid: String, portMappings: [PortMapping] = []
    ) {
        self.containerID = containerID
        self.networkNamespace = networkNamespace
        self.namespace = namespace
        self.name = name
        self.uid = uid
        self.portMappings = portMappings
    }

    static let interface = "eth0"

    /// `CNI_ARGS`, by the names that every Kubernetes runtime uses. `IgnoreUnknown` lets plugins skip what they do not know.
    var arguments: String {
        [
            "IgnoreUnknown=1", "K8S_POD_NAMESPACE=\(namespace)", "K8S_POD_NAME=\(name)",
            "K8S_POD_INFRA_CONTAINER_ID=\(containerID)", "K8S_POD_UID=\(uid)",
        ].joined(separator: ";")
    }
}
