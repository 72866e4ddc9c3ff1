/// Source: Kubernetes API reference, Lease coordination.k8s.io/v1.
package struct Lease: KubeObject, Hashable {
    package static let apiVersion = "coordination.k8s.io/v1"
    package static let kind = "Lease"
    package static let resource = "leases"

    package var apiVersion = Lease.apiVersion
    package var kind = Lease.kind
    package var metadata = ObjectMeta()
    package var spec = LeaseSpec()
    package init() {}
}

package struct LeaseSpec: Codable, Hashable, Sendable, GoZero {
    package var holderIdentity: String?
    package var leaseDurationSeconds: Int?
    package var renewTime: Timestamp?
    package init() {}
}
