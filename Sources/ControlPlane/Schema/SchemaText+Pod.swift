extension SchemaText {
    /// Pods and what they are made of. Facts of the Kubernetes 1.36 API.
    static let pods = """
        # core io.k8s.api.core.v1
        Affinity
          nodeAffinity:NodeAffinity=1 podAffinity:PodAffinity=2 podAntiAffinity:PodAntiAffinity=3
        AppArmorProfile
          localhostProfile:str=2 type!:str=1
        Capabilities
          add:[str]=1 drop:[str]=2
        ConfigMapEnvSource
          name:str=1.1 optional:bool=2
        ConfigMapKeySelector@
          key!:str=2 name:str=1.1 optional:bool=3
        Container
          args:[str]=4 command:[str]=3 env:[EnvVar]*name&=7 envFrom:[EnvFromSource]=19 image:str=2 imagePullPolicy:str=14
          lifecycle:Lifecycle=12 livenessProbe:Probe=10 name!:str=1 ports:[ContainerPort]*containerPort,protocol&=6
          readinessProbe:Probe=11 resizePolicy:[ContainerResizePolicy]=23 resources:ResourceRequirements=8 restartPolicy:str=24
          restartPolicyRules:[ContainerRestartRule]=25 securityContext:SecurityContext=15 startupProbe:Probe=22 stdin:bool=16
          stdinOnce:bool=17 terminationMessagePath:str=13 terminationMessagePolicy:str=20 tty:bool=18
          volumeDevices:[VolumeDevice]*devicePath&=21 volumeMounts:[VolumeMount]*mountPath&=9 workingDir:str=5
        ContainerExtendedResourceRequest
          containerName!:str=1 requestName!:str=3 resourceName!:str=2
        ContainerImage
          names:[str]=1 sizeBytes:int64=2
        ContainerPort
          containerPort!:int32=3 hostIP:str=5 hostPort:int32=2 name:str=1 protocol:str=4
        ContainerResizePolicy
          resourceName!:str=1 restartPolicy!:str=2
        ContainerRestartRule
          action!:str=1 exitCodes:ContainerRestartRuleOnExitCodes=2
        ContainerRestartRuleOnExitCodes
          operator!:str=1 values:[int32]*=2
        ContainerState
          running:ContainerStateRunning=2 terminated:ContainerStateTerminated=3 waiting:ContainerStateWaiting=1
        ContainerStateRunning
          startedAt:time=1
        ContainerStateTerminated
          containerID:str=7 exitCode!:int32=1 finishedAt:time=6 message:str=4 reason:str=3 signal:int32=2 startedAt:time=5
        ContainerStateWaiting
          message:str=2 reason:str=1
        ContainerStatus
          allocatedResources:{quantity}=10 allocatedResourcesStatus:[ResourceStatus]*name&=14 containerID:str=8 image!:str=6
          imageID!:str=7 lastState:ContainerState=3 name!:str=1 ready!:bool=4 resources:ResourceRequirements=11
          restartCount!:int32=5 started:bool=9 state:ContainerState=2 stopSignal:str=15 user:ContainerUser=13
          volumeMounts:[VolumeMountStatus]*mountPath&=12
        ContainerUser
          linux:LinuxContainerUser=1
        EnvFromSource
          configMapRef:ConfigMapEnvSource=2 prefix:str=1 secretRef:SecretEnvSource=3
        EnvVar
          name!:str=1 value:str=2 valueFrom:EnvVarSource=3
        EnvVarSource
          configMapKeyRef:ConfigMapKeySelector=3 fieldRef:ObjectFieldSelector=1 fileKeyRef:FileKeySelector=5
          resourceFieldRef:ResourceFieldSelector=2 secretKeyRef:SecretKeySelector=4
        EphemeralContainer
          args:[str]=1.4 command:[str]=1.3 env:[EnvVar]*name&=1.7 envFrom:[EnvFromSource]=1.19 image:str=1.2
          imagePullPolicy:str=1.14 lifecycle:Lifecycle=1.12 livenessProbe:Probe=1.10 name!:str=1.1
          ports:[ContainerPort]*containerPort,protocol&=1.6 readinessProbe:Probe=1.11 resizePolicy:[ContainerResizePolicy]=1.23
          resources:ResourceRequirements=1.8 restartPolicy:str=1.24 restartPolicyRules:[ContainerRestartRule]=1.25
          securityContext:SecurityContext=1.15 startupProbe:Probe=1.22 stdin:bool=1.16 stdinOnce:bool=1.17
          targetContainerName:str=2 terminationMessagePath:str=1.13 terminationMessagePolicy:str=1.20 tty:bool=1.18
          volumeDevices:[VolumeDevice]*devicePath&=1.21 volumeMounts:[VolumeMount]*mountPath&=1.9 workingDir:str=1.5
        ExecAction
          command:[str]=1
        FileKeySelector@
          key!:str=3 optional:bool=4 path!:str=2 volumeName!:str=1
        GRPCAction
          port!:int32=1 service:str=2
        HTTPGetAction
          host:str=3 httpHeaders:[HTTPHeader]=5 path:str=1 port!:intstr=2 scheme:str=4
        HostAlias
          hostnames:[str]=2 ip!:str=1
        HostIP
          ip!:str=1
        Lifecycle
          postStart:LifecycleHandler=1 preStop:LifecycleHandler=2 stopSignal:str=3
        LifecycleHandler
          exec:ExecAction=1 httpGet:HTTPGetAction=2 sleep:SleepAction=4 tcpSocket:TCPSocketAction=3
        LinuxContainerUser
          gid!:int64=2 supplementalGroups:[int64]=3 uid!:int64=1
        NodeAffinity
          preferredDuringSchedulingIgnoredDuringExecution:[PreferredSchedulingTerm]=2
          requiredDuringSchedulingIgnoredDuringExecution:NodeSelector=1
        NodeAllocatableResourceClaimStatus
          containers:[str]*=2 resourceClaimName!:str=1 resources!:{quantity}=3
        NodeSelector@
          nodeSelectorTerms!:[NodeSelectorTerm]=1
        NodeSelectorRequirement
          key!:str=1 operator!:str=2 values:[str]=3
        NodeSelectorTerm@
          matchExpressions:[NodeSelectorRequirement]=1 matchFields:[NodeSelectorRequirement]=2
        ObjectFieldSelector@
          apiVersion:str=1 fieldPath!:str=2
        Pod
          apiVersion:str kind:str metadata:meta.ObjectMeta=1 spec:PodSpec=2 status:PodStatus=3
        PodAffinity
          preferredDuringSchedulingIgnoredDuringExecution:[WeightedPodAffinityTerm]=2
          requiredDuringSchedulingIgnoredDuringExecution:[PodAffinityTerm]=1
        PodAffinityTerm
          labelSelector:meta.LabelSelector=1 matchLabelKeys:[str]=5 mismatchLabelKeys:[str]=6
          namespaceSelector:meta.LabelSelector=4 namespaces:[str]=2 topologyKey!:str=3
        PodAntiAffinity
          preferredDuringSchedulingIgnoredDuringExecution:[WeightedPodAffinityTerm]=2
          requiredDuringSchedulingIgnoredDuringExecution:[PodAffinityTerm]=1
        PodCondition
          lastProbeTime:time=3 lastTransitionTime:time=4 message:str=6 observedGeneration:int64=7 reason:str=5 status!:str=2
          type!:str=1
        PodDNSConfig
          nameservers:[str]=1 options:[PodDNSConfigOption]=3 searches:[str]=2
        PodDNSConfigOption
          name:str=1 value:str=2
        PodExtendedResourceClaimStatus
          requestMappings!:[ContainerExtendedResourceRequest]=1 resourceClaimName!:str=2
        PodIP
          ip!:str=1
        PodOS
          name!:str=1
        PodReadinessGate
          conditionType!:str=1
        PodResourceClaim
          name!:str=1 resourceClaimName:str=3 resourceClaimTemplateName:str=4
        PodResourceClaimStatus
          name!:str=1 resourceClaimName:str=2
        PodSchedulingGate
          name!:str=1
        PodSchedulingGroup
          podGroupName:str=1
        PodSecurityContext
          appArmorProfile:AppArmorProfile=11 fsGroup:int64=5 fsGroupChangePolicy:str=9 runAsGroup:int64=6 runAsNonRoot:bool=3
          runAsUser:int64=2 seLinuxChangePolicy:str=13 seLinuxOptions:SELinuxOptions=1 seccompProfile:SeccompProfile=10
          supplementalGroups:[int64]=4 supplementalGroupsPolicy:str=12 sysctls:[Sysctl]=7
          windowsOptions:WindowsSecurityContextOptions=8
        PodSpec
          activeDeadlineSeconds:int64=5 affinity:Affinity=18 automountServiceAccountToken:bool=21
          containers!:[Container]*name&=2 dnsConfig:PodDNSConfig=26 dnsPolicy:str=6 enableServiceLinks:bool=30
          ephemeralContainers:[EphemeralContainer]*name&=34 hostAliases:[HostAlias]*ip&=23 hostIPC:bool=13 hostNetwork:bool=11
          hostPID:bool=12 hostUsers:bool=37 hostname:str=16 hostnameOverride:str=41
          imagePullSecrets:[LocalObjectReference]*name&=15 initContainers:[Container]*name&=20 nodeName:str=10
          nodeSelector:{str}@=7 os:PodOS=36 overhead:{quantity}=32 preemptionPolicy:str=31 priority:int32=25
          priorityClassName:str=24 readinessGates:[PodReadinessGate]=28 resourceClaims:[PodResourceClaim]*name&%=39
          resources:ResourceRequirements=40 restartPolicy:str=3 runtimeClassName:str=29 schedulerName:str=19
          schedulingGates:[PodSchedulingGate]*name&=38 schedulingGroup:PodSchedulingGroup=43
          securityContext:PodSecurityContext=14 serviceAccount:str=9 serviceAccountName:str=8 setHostnameAsFQDN:bool=35
          shareProcessNamespace:bool=27 subdomain:str=17 terminationGracePeriodSeconds:int64=4 tolerations:[Toleration]=22
          topologySpreadConstraints:[TopologySpreadConstraint]*topologyKey,whenUnsatisfiable&=33 volumes:[Volume]*name&%=1
        PodStatus
          allocatedResources:{quantity}=19 conditions:[PodCondition]*type&=2 containerStatuses:[ContainerStatus]=8
          ephemeralContainerStatuses:[ContainerStatus]=13 extendedResourceClaimStatus:PodExtendedResourceClaimStatus=18
          hostIP:str=5 hostIPs:[HostIP]&ip=16 initContainerStatuses:[ContainerStatus]=10 message:str=3
          nodeAllocatableResourceClaimStatuses:[NodeAllocatableResourceClaimStatus]=21 nominatedNodeName:str=11
          observedGeneration:int64=17 phase:str=1 podIP:str=6 podIPs:[PodIP]*ip&=12 qosClass:str=9 reason:str=4 resize:str=14
          resourceClaimStatuses:[PodResourceClaimStatus]*name&%=15 resources:ResourceRequirements=20 startTime:time=7
        PodTemplateSpec
          metadata:meta.ObjectMeta=1 spec:PodSpec=2
        PreferredSchedulingTerm
          preference!:NodeSelectorTerm=2 weight!:int32=1
        Probe
          exec:ExecAction=1.1 failureThreshold:int32=6 grpc:GRPCAction=1.4 httpGet:HTTPGetAction=1.2 initialDelaySeconds:int32=2
          periodSeconds:int32=4 successThreshold:int32=5 tcpSocket:TCPSocketAction=1.3 terminationGracePeriodSeconds:int64=7
          timeoutSeconds:int32=3
        ResourceClaim
          name!:str=1 request:str=2
        ResourceFieldSelector@
          containerName:str=1 divisor:quantity=3 resource!:str=2
        ResourceHealth
          health:str=2 message:str=6 resourceID!:str=1
        ResourceRequirements
          claims:[ResourceClaim]*name=3 limits:{quantity}=1 requests:{quantity}=2
        ResourceStatus
          name!:str=1 resources:[ResourceHealth]*resourceID=2
        SELinuxOptions
          level:str=4 role:str=2 type:str=3 user:str=1
        SeccompProfile
          localhostProfile:str=2 type!:str=1
        SecretEnvSource
          name:str=1.1 optional:bool=2
        SecretKeySelector@
          key!:str=2 name:str=1.1 optional:bool=3
        SecurityContext
          allowPrivilegeEscalation:bool=7 appArmorProfile:AppArmorProfile=12 capabilities:Capabilities=1 privileged:bool=2
          procMount:str=9 readOnlyRootFilesystem:bool=6 runAsGroup:int64=8 runAsNonRoot:bool=5 runAsUser:int64=4
          seLinuxOptions:SELinuxOptions=3 seccompProfile:SeccompProfile=11 windowsOptions:WindowsSecurityContextOptions=10
        SessionAffinityConfig
          clientIP:ClientIPConfig=1
        SleepAction
          seconds!:int64=1
        Sysctl
          name!:str=1 value!:str=2
        TCPSocketAction
          host:str=2 port!:intstr=1
        Toleration
          effect:str=4 key:str=1 operator:str=2 tolerationSeconds:int64=5 value:str=3
        WeightedPodAffinityTerm
          podAffinityTerm!:PodAffinityTerm=2 weight!:int32=1
        WindowsSecurityContextOptions
          gmsaCredentialSpec:str=2 gmsaCredentialSpecName:str=1 hostProcess:bool=4 runAsUserName:str=3
        """
}
