/// Source: Kubernetes API reference, Service v1 core.
package struct Service: KubeObject, Hashable {
    package static let apiVersion = "v1"
    package static let kind = "Service"
    package static let resource = "services"

    package var apiVersion = Service.apiVersion
    package var kind = Service.kind
    package var metadata = ObjectMeta()
    package var spec = ServiceSpec()
    package init() {}
}

package struct ServiceSpec: Codable, Hashable, Sendable, GoZero {
    package var selector: [String: String] = [:]
    package var ports: [ServicePort] = []
    /// `None` for a headless Service.
    package var clusterIP = ""
    package var clusterIPs: [String] = []
    package var type = ""
    package var externalName = ""
    package var publishNotReadyAddresses = false
    package init() {}
}

package struct ServicePort: Codable, Hashable, Sendable {
    package var name = ""
    package var `protocol` = ""
    package var port = 0
    package var targetPort: IntOrString?
    package var nodePort = 0
    package var appProtocol: String?
}

/// Source: Kubernetes API reference, EndpointSlice discovery.k8s.io/v1.
package struct EndpointSlice: KubeObject, Hashable {
    package static let apiVersion = "discovery.k8s.io/v1"
    package static let kind = "EndpointSlice"
    package static let resource = "endpointslices"

    package var apiVersion = EndpointSlice.apiVersion
    package var kind = EndpointSlice.kind
    package var metadata = ObjectMeta()
    package var addressType = ""
    package var endpoints: [Endpoint] = []
    package var ports: [EndpointPort] = []
    package init() {}
}

package struct Endpoint: Codable, Hashable, Sendable {
    package var addresses: [String] = []
    package var conditions = EndpointConditions()
    package var hostname: String?
    package var targetRef: ObjectReference?
    package var nodeName: String?
}

/// Nil reads as true for `ready` and `serving`, as false for `terminating`.
package struct EndpointConditions: Codable, Hashable, Sendable, GoZero {
    package var ready: Bool?
    package var serving: Bool?
    package var terminating: Bool?
    package init() {}
}

package struct EndpointPort: Codable, Hashable, Sendable {
    package var name: String?
    package var `protocol`: String?
    package var port: Int?
    package var appProtocol: String?
}
