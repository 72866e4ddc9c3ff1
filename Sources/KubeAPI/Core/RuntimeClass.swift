/// What pods may ask for to be run by. Source: Kubernetes API reference, RuntimeClass node.k8s.io/v1.
package struct RuntimeClass: KubeObject, Hashable {
    package static let apiVersion = "node.k8s.io/v1"
    package static let kind = "RuntimeClass"
    package static let resource = "runtimeclasses"
    package static let isNamespaced = false

    package var apiVersion = RuntimeClass.apiVersion
    package var kind = RuntimeClass.kind
    package var metadata = ObjectMeta()
    /// The name under which a node knows the runtime.
    package var handler = ""
    package init() {}
}
