package import FoundationEssentials

/// Source: Kubernetes API reference, ConfigMap v1 core.
package struct ConfigMap: KubeObject, Hashable {
    package static let apiVersion = "v1"
    package static let kind = "ConfigMap"
    package static let resource = "configmaps"

    package var apiVersion = ConfigMap.apiVersion
    package var kind = ConfigMap.kind
    package var metadata = ObjectMeta()
    package var data: [String: String] = [:]
    package var binaryData: [String: Data] = [:]
    package var immutable: Bool?
    package init() {}
}

/// Describes itself without its values, so that no log line can carry them.
package struct Secret: KubeObject, Hashable, CustomStringConvertible, CustomReflectable {
    package static let apiVersion = "v1"
    package static let kind = "Secret"
    package static let resource = "secrets"

    package var apiVersion = Secret.apiVersion
    package var kind = Secret.kind
    package var metadata = ObjectMeta()
    package var type = ""
    package var data: [String: Data] = [:]
    package var immutable: Bool?
    package init() {}

    package var description: String { "Secret(\(metadata.namespace)/\(metadata.name), data: <redacted>)" }
    package var customMirror: Mirror { Mirror(self, children: ["metadata": metadata]) }
}

package struct ServiceAccount: KubeObject, Hashable {
    package static let apiVersion = "v1"
    package static let kind = "ServiceAccount"
    package static let resource = "serviceaccounts"

    package var apiVersion = ServiceAccount.apiVersion
    package var kind = ServiceAccount.kind
    package var metadata = ObjectMeta()
    package var imagePullSecrets: [LocalObjectReference] = []
    package var automountServiceAccountToken: Bool?
    package init() {}
}
