extension SchemaText {
    /// Pods and what they are made of. Facts of the Kubernetes 1.36 API.
    static let pods = """
        # core io.k8s.api.core.v1
        Affinity
          nodeAffinity:NodeAffinity podAffinity:PodAffinity podAntiAffinity:PodAntiAffinity
        AppArmorProfile
          localhostProfile:str type!:str
        Capabilities
          add:[str] drop:[str]
        ConfigMapEnvSource
          name:str optional:bool
        ConfigMapKeySelector@
          key!:str name:str optional:bool
        Container
          args:[str] command:[str] env:[EnvVar]*name& envFrom:[EnvFromSource] image:str imagePullPolicy:str lifecycle:Lifecycle
          livenessProbe:Probe name!:str ports:[ContainerPort]*containerPort,protocol& readinessProbe:Probe
          resizePolicy:[ContainerResizePolicy] resources:ResourceRequirements restartPolicy:str
          restartPolicyRules:[ContainerRestartRule] securityContext:SecurityContext startupProbe:Probe stdin:bool stdinOnce:bool
          terminationMessagePath:str terminationMessagePolicy:str tty:bool volumeDevices:[VolumeDevice]*devicePath&
          volumeMounts:[VolumeMount]*mountPath& workingDir:str
        ContainerExtendedResourceRequest
          containerName!:str requestName!:str resourceName!:str
        ContainerImage
          names:[str] sizeBytes:int64
        ContainerPort
          containerPort!:int32 hostIP:str hostPort:int32 name:str protocol:str
        ContainerResizePolicy
          resourceName!:str restartPolicy!:str
        ContainerRestartRule
          action!:str exitCodes:ContainerRestartRuleOnExitCodes
        ContainerRestartRuleOnExitCodes
          operator!:str values:[int32]*
        ContainerState
          running:ContainerStateRunning terminated:ContainerStateTerminated waiting:ContainerStateWaiting
        ContainerStateRunning
          startedAt:time
        ContainerStateTerminated
          containerID:str exitCode!:int32 finishedAt:time message:str reason:str signal:int32 startedAt:time
        ContainerStateWaiting
          message:str reason:str
        ContainerStatus
          allocatedResources:{quantity} allocatedResourcesStatus:[ResourceStatus]*name& containerID:str image!:str imageID!:str
          lastState:ContainerState name!:str ready!:bool resources:ResourceRequirements restartCount!:int32 started:bool
          state:ContainerState stopSignal:str user:ContainerUser volumeMounts:[VolumeMountStatus]*mountPath&
        ContainerUser
          linux:LinuxContainerUser
        EnvFromSource
          configMapRef:ConfigMapEnvSource prefix:str secretRef:SecretEnvSource
        EnvVar
          name!:str value:str valueFrom:EnvVarSource
        EnvVarSource
          configMapKeyRef:ConfigMapKeySelector fieldRef:ObjectFieldSelector fileKeyRef:FileKeySelector
          resourceFieldRef:ResourceFieldSelector secretKeyRef:SecretKeySelector
        EphemeralContainer
          args:[str] command:[str] env:[EnvVar]*name& envFrom:[EnvFromSource] image:str imagePullPolicy:str lifecycle:Lifecycle
          livenessProbe:Probe name!:str ports:[ContainerPort]*containerPort,protocol& readinessProbe:Probe
          resizePolicy:[ContainerResizePolicy] resources:ResourceRequirements restartPolicy:str
          restartPolicyRules:[ContainerRestartRule] securityContext:SecurityContext startupProbe:Probe stdin:bool stdinOnce:bool
          targetContainerName:str terminationMessagePath:str terminationMessagePolicy:str tty:bool
          volumeDevices:[VolumeDevice]*devicePath& volumeMounts:[VolumeMount]*mountPath& workingDir:str
        ExecAction
          command:[str]
        FileKeySelector@
          key!:str optional:bool path!:str volumeName!:str
        GRPCAction
          port!:int32 service:str
        HTTPGetAction
          host:str httpHeaders:[HTTPHeader] path:str port!:intstr scheme:str
        HostAlias
          hostnames:[str] ip!:str
        HostIP
          ip!:str
        Lifecycle
          postStart:LifecycleHandler preStop:LifecycleHandler stopSignal:str
        LifecycleHandler
          exec:ExecAction httpGet:HTTPGetAction sleep:SleepAction tcpSocket:TCPSocketAction
        LinuxContainerUser
          gid!:int64 supplementalGroups:[int64] uid!:int64
        NodeAffinity
          preferredDuringSchedulingIgnoredDuringExecution:[PreferredSchedulingTerm]
          requiredDuringSchedulingIgnoredDuringExecution:NodeSelector
        NodeAllocatableResourceClaimStatus
          containers:[str]* resourceClaimName!:str resources!:{quantity}
        NodeSelector@
          nodeSelectorTerms!:[NodeSelectorTerm]
        NodeSelectorRequirement
          key!:str operator!:str values:[str]
        NodeSelectorTerm@
          matchExpressions:[NodeSelectorRequirement] matchFields:[NodeSelectorRequirement]
        ObjectFieldSelector@
          apiVersion:str fieldPath!:str
        Pod
          apiVersion:str kind:str metadata:meta.ObjectMeta spec:PodSpec status:PodStatus
        PodAffinity
          preferredDuringSchedulingIgnoredDuringExecution:[WeightedPodAffinityTerm]
          requiredDuringSchedulingIgnoredDuringExecution:[PodAffinityTerm]
        PodAffinityTerm
          labelSelector:meta.LabelSelector matchLabelKeys:[str] mismatchLabelKeys:[str] namespaceSelector:meta.LabelSelector
          namespaces:[str] topologyKey!:str
        PodAntiAffinity
          preferredDuringSchedulingIgnoredDuringExecution:[WeightedPodAffinityTerm]
          requiredDuringSchedulingIgnoredDuringExecution:[PodAffinityTerm]
        PodCondition
          lastProbeTime:time lastTransitionTime:time message:str observedGeneration:int64 reason:str status!:str type!:str
        PodDNSConfig
          nameservers:[str] options:[PodDNSConfigOption] searches:[str]
        PodDNSConfigOption
          name:str value:str
        PodExtendedResourceClaimStatus
          requestMappings!:[ContainerExtendedResourceRequest] resourceClaimName!:str
        PodIP
          ip!:str
        PodOS
          name!:str
        PodReadinessGate
          conditionType!:str
        PodResourceClaim
          name!:str resourceClaimName:str resourceClaimTemplateName:str
        PodResourceClaimStatus
          name!:str resourceClaimName:str
        PodSchedulingGate
          name!:str
        PodSchedulingGroup
          podGroupName:str
        PodSecurityContext
          appArmorProfile:AppArmorProfile fsGroup:int64 fsGroupChangePolicy:str runAsGroup:int64 runAsNonRoot:bool
          runAsUser:int64 seLinuxChangePolicy:str seLinuxOptions:SELinuxOptions seccompProfile:SeccompProfile
          supplementalGroups:[int64] supplementalGroupsPolicy:str sysctls:[Sysctl] windowsOptions:WindowsSecurityContextOptions
        PodSpec
          activeDeadlineSeconds:int64 affinity:Affinity automountServiceAccountToken:bool containers!:[Container]*name&
          dnsConfig:PodDNSConfig dnsPolicy:str enableServiceLinks:bool ephemeralContainers:[EphemeralContainer]*name&
          hostAliases:[HostAlias]*ip& hostIPC:bool hostNetwork:bool hostPID:bool hostUsers:bool hostname:str
          hostnameOverride:str imagePullSecrets:[LocalObjectReference]*name& initContainers:[Container]*name& nodeName:str
          nodeSelector:{str}@ os:PodOS overhead:{quantity} preemptionPolicy:str priority:int32 priorityClassName:str
          readinessGates:[PodReadinessGate] resourceClaims:[PodResourceClaim]*name&% resources:ResourceRequirements
          restartPolicy:str runtimeClassName:str schedulerName:str schedulingGates:[PodSchedulingGate]*name&
          schedulingGroup:PodSchedulingGroup securityContext:PodSecurityContext serviceAccount:str serviceAccountName:str
          setHostnameAsFQDN:bool shareProcessNamespace:bool subdomain:str terminationGracePeriodSeconds:int64
          tolerations:[Toleration] topologySpreadConstraints:[TopologySpreadConstraint]*topologyKey,whenUnsatisfiable&
          volumes:[Volume]*name&%
        PodStatus
          allocatedResources:{quantity} conditions:[PodCondition]*type& containerStatuses:[ContainerStatus]
          ephemeralContainerStatuses:[ContainerStatus] extendedResourceClaimStatus:PodExtendedResourceClaimStatus hostIP:str
          hostIPs:[HostIP]&ip initContainerStatuses:[ContainerStatus] message:str
          nodeAllocatableResourceClaimStatuses:[NodeAllocatableResourceClaimStatus] nominatedNodeName:str
          observedGeneration:int64 phase:str podIP:str podIPs:[PodIP]*ip& qosClass:str reason:str resize:str
          resourceClaimStatuses:[PodResourceClaimStatus]*name&% resources:ResourceRequirements startTime:time
        PodTemplateSpec
          metadata:meta.ObjectMeta spec:PodSpec
        PreferredSchedulingTerm
          preference!:NodeSelectorTerm weight!:int32
        Probe
          exec:ExecAction failureThreshold:int32 grpc:GRPCAction httpGet:HTTPGetAction initialDelaySeconds:int32
          periodSeconds:int32 successThreshold:int32 tcpSocket:TCPSocketAction terminationGracePeriodSeconds:int64
          timeoutSeconds:int32
        ResourceClaim
          name!:str request:str
        ResourceFieldSelector@
          containerName:str divisor:quantity resource!:str
        ResourceHealth
          health:str message:str resourceID!:str
        ResourceRequirements
          claims:[ResourceClaim]*name limits:{quantity} requests:{quantity}
        ResourceStatus
          name!:str resources:[ResourceHealth]*resourceID
        SELinuxOptions
          level:str role:str type:str user:str
        SeccompProfile
          localhostProfile:str type!:str
        SecretEnvSource
          name:str optional:bool
        SecretKeySelector@
          key!:str name:str optional:bool
        SecurityContext
          allowPrivilegeEscalation:bool appArmorProfile:AppArmorProfile capabilities:Capabilities privileged:bool procMount:str
          readOnlyRootFilesystem:bool runAsGroup:int64 runAsNonRoot:bool runAsUser:int64 seLinuxOptions:SELinuxOptions
          seccompProfile:SeccompProfile windowsOptions:WindowsSecurityContextOptions
        SessionAffinityConfig
          clientIP:ClientIPConfig
        SleepAction
          seconds!:int64
        Sysctl
          name!:str value!:str
        TCPSocketAction
          host:str port!:intstr
        Toleration
          effect:str key:str operator:str tolerationSeconds:int64 value:str
        WeightedPodAffinityTerm
          podAffinityTerm!:PodAffinityTerm weight!:int32
        WindowsSecurityContextOptions
          gmsaCredentialSpec:str gmsaCredentialSpecName:str hostProcess:bool runAsUserName:str
        """
}
