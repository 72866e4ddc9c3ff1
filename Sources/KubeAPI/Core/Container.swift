/// A container of any of the three lists; `targetContainerName` is only read in `ephemeralContainers`.
/// Source: Kubernetes API reference, Container v1 core.
package struct Container: Codable, Hashable, Sendable, GoZero {
    package var name = ""
    package var image = ""
    package var command: [String] = []
    package var args: [String] = []
    package var workingDir = ""
    package var ports: [ContainerPort] = []
    package var env: [EnvVar] = []
    package var envFrom: [EnvFromSource] = []
    package var resources = ResourceRequirements()
    package var resizePolicy: [ContainerResizePolicy] = []
    /// Always, OnFailure, Never; on an init container, Always makes it a sidecar.
    package var restartPolicy: String?
    package var restartPolicyRules: [ContainerRestartRule] = []
    package var volumeMounts: [VolumeMount] = []
    package var volumeDevices: [VolumeDevice] = []
    package var livenessProbe: Probe?
    package var readinessProbe: Probe?
    package var startupProbe: Probe?
    package var lifecycle: Lifecycle?
    package var terminationMessagePath = ""
    package var terminationMessagePolicy = ""
    package var imagePullPolicy = ""
    package var securityContext = SecurityContext()
    package var stdin = false
    package var stdinOnce = false
    package var tty = false
    package var targetContainerName = ""
    package init() {}
}

package struct ContainerPort: Codable, Hashable, Sendable {
    package var name = ""
    package var containerPort = 0
    package var hostPort = 0
    package var hostIP = ""
    package var `protocol` = ""
}

package struct EnvVar: Codable, Hashable, Sendable {
    package var name = ""
    package var value = ""
    package var valueFrom: EnvVarSource?
    package init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

package struct EnvVarSource: Codable, Hashable, Sendable {
    package var fieldRef: ObjectFieldSelector?
    package var resourceFieldRef: ResourceFieldSelector?
    package var configMapKeyRef: KeySelector?
    package var secretKeyRef: KeySelector?
    package var fileKeyRef: FileKeySelector?
}

/// One variable of a file that another container of the pod left in a volume. Source: KEP 3721.
package struct FileKeySelector: Codable, Hashable, Sendable {
    package var volumeName = ""
    /// Relative to the volume.
    package var path = ""
    package var key = ""
    package var optional = false
}

package struct ObjectFieldSelector: Codable, Hashable, Sendable {
    package var apiVersion = ""
    package var fieldPath = ""
}

package struct ResourceFieldSelector: Codable, Hashable, Sendable {
    package var containerName = ""
    package var resource = ""
    package var divisor: Quantity?
}

/// One key of a ConfigMap or Secret.
package struct KeySelector: Codable, Hashable, Sendable {
    package var name = ""
    package var key = ""
    package var optional = false
}

package struct EnvFromSource: Codable, Hashable, Sendable {
    package var prefix = ""
    package var configMapRef: OptionalReference?
    package var secretRef: OptionalReference?
}

package struct OptionalReference: Codable, Hashable, Sendable {
    package var name = ""
    package var optional = false
}

package struct ResourceRequirements: Codable, Hashable, Sendable, GoZero {
    package var limits: [String: Quantity] = [:]
    package var requests: [String: Quantity] = [:]
    package var claims: [ResourceClaim] = []
    package init() {}
    package init(limits: [String: Quantity] = [:], requests: [String: Quantity] = [:]) {
        self.limits = limits
        self.requests = requests
    }
}

/// Source: Kubernetes, "Dynamic Resource Allocation".
package struct ResourceClaim: Codable, Hashable, Sendable {
    package var name = ""
    package var request = ""
}

package struct ContainerResizePolicy: Codable, Hashable, Sendable {
    package var resourceName = ""
    package var restartPolicy = ""
}

package struct ContainerRestartRule: Codable, Hashable, Sendable {
    package var action = ""
    package var exitCodes: ContainerRestartRuleOnExitCodes?
}

package struct ContainerRestartRuleOnExitCodes: Codable, Hashable, Sendable {
    package var `operator` = ""
    package var values: [Int] = []
}

package struct VolumeMount: Codable, Hashable, Sendable {
    package var name = ""
    package var mountPath = ""
    package var subPath = ""
    package var subPathExpr = ""
    package var readOnly = false
    package var recursiveReadOnly: String?
    /// None, HostToContainer or Bidirectional.
    package var mountPropagation: String?
}

package struct VolumeDevice: Codable, Hashable, Sendable {
    package var name = ""
    package var devicePath = ""
}

package struct SecurityContext: Codable, Hashable, Sendable, GoZero {
    package var capabilities: Capabilities?
    package var privileged = false
    package var runAsUser: Int?
    package var runAsGroup: Int?
    package var runAsNonRoot: Bool?
    package var readOnlyRootFilesystem = false
    package var allowPrivilegeEscalation: Bool?
    /// Default or Unmasked.
    package var procMount: String?
    package var seccompProfile: SeccompProfile?
    package var appArmorProfile: AppArmorProfile?
    package var seLinuxOptions: SELinuxOptions?
    package var windowsOptions: JSONValue?
    package init() {}
}

package struct Capabilities: Codable, Hashable, Sendable {
    package var add: [String] = []
    package var drop: [String] = []
}

package struct Lifecycle: Codable, Hashable, Sendable {
    package var postStart: LifecycleHandler?
    package var preStop: LifecycleHandler?
    package var stopSignal: String?
}

package struct LifecycleHandler: Codable, Hashable, Sendable {
    package var exec: ExecAction?
    package var httpGet: HTTPGetAction?
    package var tcpSocket: TCPSocketAction?
    package var sleep: SleepAction?
}

package struct ExecAction: Codable, Hashable, Sendable { package var command: [String] = [] }
package struct SleepAction: Codable, Hashable, Sendable { package var seconds = 0 }

package struct HTTPGetAction: Codable, Hashable, Sendable {
    package var path = ""
    package var port = IntOrString.int(0)
    package var host = ""
    package var scheme = ""
    package var httpHeaders: [HTTPHeader] = []
}

package struct HTTPHeader: Codable, Hashable, Sendable {
    package var name = ""
    package var value = ""
}

package struct TCPSocketAction: Codable, Hashable, Sendable {
    package var port = IntOrString.int(0)
    package var host = ""
}

package struct GRPCAction: Codable, Hashable, Sendable {
    package var port = 0
    package var service: String?
}

/// Zero means the default: period 10 s, timeout 1 s, success 1, failure 3.
package struct Probe: Codable, Hashable, Sendable {
    package var exec: ExecAction?
    package var httpGet: HTTPGetAction?
    package var tcpSocket: TCPSocketAction?
    package var grpc: GRPCAction?
    package var initialDelaySeconds = 0
    package var timeoutSeconds = 0
    package var periodSeconds = 0
    package var successThreshold = 0
    package var failureThreshold = 0
    package var terminationGracePeriodSeconds: Int?
}
