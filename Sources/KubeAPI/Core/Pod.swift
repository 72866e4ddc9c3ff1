/// Source: Kubernetes API reference, Pod v1 core.
package struct Pod: KubeObject, Hashable {
    package static let apiVersion = "v1"
    package static let kind = "Pod"
    package static let resource = "pods"

    package var apiVersion = Pod.apiVersion
    package var kind = Pod.kind
    package var metadata = ObjectMeta()
    package var spec = PodSpec()
    package var status = PodStatus()

    package init() {}
    package init(metadata: ObjectMeta, spec: PodSpec, status: PodStatus = PodStatus()) {
        self.metadata = metadata
        self.spec = spec
        self.status = status
    }
}

package struct PodSpec: Codable, Hashable, Sendable, GoZero {
    package var containers: [Container] = []
    package var initContainers: [Container] = []
    package var ephemeralContainers: [Container] = []
    package var volumes: [Volume] = []
    package var nodeName = ""
    package var nodeSelector: [String: String] = [:]
    package var affinity: Affinity?
    package var tolerations: [Toleration] = []
    package var schedulerName = ""
    package var serviceAccountName = ""
    package var automountServiceAccountToken: Bool?
    package var restartPolicy = ""
    /// Seconds.
    package var terminationGracePeriodSeconds: Int?
    /// Seconds from the pod's start.
    package var activeDeadlineSeconds: Int?
    package var dnsPolicy = ""
    package var dnsConfig: PodDNSConfig?
    package var hostNetwork = false
    package var hostPID = false
    package var hostIPC = false
    package var hostUsers: Bool?
    package var shareProcessNamespace: Bool?
    package var hostname = ""
    package var subdomain = ""
    package var setHostnameAsFQDN: Bool?
    package var hostnameOverride: String?
    package var hostAliases: [HostAlias] = []
    package var enableServiceLinks: Bool?
    package var securityContext = PodSecurityContext()
    package var imagePullSecrets: [LocalObjectReference] = []
    package var readinessGates: [PodReadinessGate] = []
    package var priority: Int?
    package var priorityClassName = ""
    package var runtimeClassName: String?
    package var overhead: [String: Quantity] = [:]
    package var os: PodOS?
    package var resources: ResourceRequirements?
    package var resourceClaims: [PodResourceClaim] = []
    package init() {}
}

package struct PodOS: Codable, Hashable, Sendable { package var name = "" }
package struct PodResourceClaim: Codable, Hashable, Sendable { package var name = "" }
package struct PodReadinessGate: Codable, Hashable, Sendable { package var conditionType = "" }
package struct LocalObjectReference: Codable, Hashable, Sendable { package var name = "" }

package struct HostAlias: Codable, Hashable, Sendable {
    package var ip = ""
    package var hostnames: [String] = []
}

package struct PodDNSConfig: Codable, Hashable, Sendable {
    package var nameservers: [String] = []
    package var searches: [String] = []
    package var options: [PodDNSConfigOption] = []
}

package struct PodDNSConfigOption: Codable, Hashable, Sendable {
    package var name = ""
    package var value: String?
}

package struct Toleration: Codable, Hashable, Sendable {
    package var key = ""
    package var `operator` = ""
    package var value = ""
    package var effect = ""
    package var tolerationSeconds: Int?
    package init() {}
}

package struct Affinity: Codable, Hashable, Sendable {
    package var nodeAffinity: NodeAffinity?
}

package struct NodeAffinity: Codable, Hashable, Sendable {
    package var requiredDuringSchedulingIgnoredDuringExecution: NodeSelector?
}

package struct NodeSelector: Codable, Hashable, Sendable {
    package var nodeSelectorTerms: [NodeSelectorTerm] = []
}

package struct NodeSelectorTerm: Codable, Hashable, Sendable {
    package var matchExpressions: [LabelSelectorRequirement] = []
    package var matchFields: [LabelSelectorRequirement] = []
}

package struct PodSecurityContext: Codable, Hashable, Sendable, GoZero {
    package var runAsUser: Int?
    package var runAsGroup: Int?
    package var runAsNonRoot: Bool?
    package var supplementalGroups: [Int] = []
    /// Merge or Strict.
    package var supplementalGroupsPolicy: String?
    package var fsGroup: Int?
    package var fsGroupChangePolicy: String?
    package var seccompProfile: SeccompProfile?
    package var appArmorProfile: AppArmorProfile?
    package var seLinuxOptions: SELinuxOptions?
    /// Recursive or MountOption.
    package var seLinuxChangePolicy: String?
    package var windowsOptions: JSONValue?
    package var sysctls: [Sysctl] = []
    package init() {}
}

/// `type` is RuntimeDefault, Unconfined or Localhost.
package struct SeccompProfile: Codable, Hashable, Sendable {
    package var type = ""
    package var localhostProfile: String?
}

package struct AppArmorProfile: Codable, Hashable, Sendable {
    package var type = ""
    package var localhostProfile: String?
}

package struct SELinuxOptions: Codable, Hashable, Sendable {
    package var user = ""
    package var role = ""
    package var type = ""
    package var level = ""
}

package struct Sysctl: Codable, Hashable, Sendable {
    package var name = ""
    package var value = ""
}
