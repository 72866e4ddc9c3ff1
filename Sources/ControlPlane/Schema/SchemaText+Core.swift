extension SchemaText {
    /// The other kinds of the core group.
    static let core = """
        # core io.k8s.api.core.v1
        Binding
          apiVersion:str kind:str metadata:meta.ObjectMeta target!:ObjectReference
        ClientIPConfig
          timeoutSeconds:int32
        ConfigMap
          apiVersion:str binaryData:{bytes} data:{str} immutable:bool kind:str metadata:meta.ObjectMeta
        ConfigMapNodeConfigSource
          kubeletConfigKey!:str name!:str namespace!:str resourceVersion:str uid:str
        DaemonEndpoint
          Port!:int32
        EndpointAddress@
          hostname:str ip!:str nodeName:str targetRef:ObjectReference
        EndpointPort@
          appProtocol:str name:str port!:int32 protocol:str
        EndpointSubset
          addresses:[EndpointAddress] notReadyAddresses:[EndpointAddress] ports:[EndpointPort]
        Endpoints
          apiVersion:str kind:str metadata:meta.ObjectMeta subsets:[EndpointSubset]
        Event
          action:str apiVersion:str count:int32 eventTime:micro firstTimestamp:time involvedObject!:ObjectReference kind:str
          lastTimestamp:time message:str metadata!:meta.ObjectMeta reason:str related:ObjectReference reportingComponent:str
          reportingInstance:str series:EventSeries source:EventSource type:str
        EventSeries
          count:int32 lastObservedTime:micro
        EventSource
          component:str host:str
        HTTPHeader
          name!:str value!:str
        LoadBalancerIngress
          hostname:str ip:str ipMode:str ports:[PortStatus]
        LoadBalancerStatus
          ingress:[LoadBalancerIngress]
        LocalObjectReference@
          name:str
        Namespace
          apiVersion:str kind:str metadata:meta.ObjectMeta spec:NamespaceSpec status:NamespaceStatus
        NamespaceCondition
          lastTransitionTime:time message:str reason:str status!:str type!:str
        NamespaceSpec
          finalizers:[str]
        NamespaceStatus
          conditions:[NamespaceCondition]*type& phase:str
        Node
          apiVersion:str kind:str metadata:meta.ObjectMeta spec:NodeSpec status:NodeStatus
        NodeAddress
          address!:str type!:str
        NodeCondition
          lastHeartbeatTime:time lastTransitionTime:time message:str reason:str status!:str type!:str
        NodeConfigSource
          configMap:ConfigMapNodeConfigSource
        NodeConfigStatus
          active:NodeConfigSource assigned:NodeConfigSource error:str lastKnownGood:NodeConfigSource
        NodeDaemonEndpoints
          kubeletEndpoint:DaemonEndpoint
        NodeFeatures
          supplementalGroupsPolicy:bool
        NodeRuntimeHandler
          features:NodeRuntimeHandlerFeatures name:str
        NodeRuntimeHandlerFeatures
          recursiveReadOnlyMounts:bool userNamespaces:bool
        NodeSpec
          configSource:NodeConfigSource externalID:str podCIDR:str podCIDRs:[str]*& providerID:str taints:[Taint]
          unschedulable:bool
        NodeStatus
          addresses:[NodeAddress]*type& allocatable:{quantity} capacity:{quantity} conditions:[NodeCondition]*type&
          config:NodeConfigStatus daemonEndpoints:NodeDaemonEndpoints declaredFeatures:[str] features:NodeFeatures
          images:[ContainerImage] nodeInfo:NodeSystemInfo phase:str runtimeHandlers:[NodeRuntimeHandler]
          volumesAttached:[AttachedVolume] volumesInUse:[str]
        NodeSwapStatus
          capacity:int64
        NodeSystemInfo
          architecture!:str bootID!:str containerRuntimeVersion!:str kernelVersion!:str kubeProxyVersion!:str
          kubeletVersion!:str machineID!:str operatingSystem!:str osImage!:str swap:NodeSwapStatus systemUUID!:str
        ObjectReference@
          apiVersion:str fieldPath:str kind:str name:str namespace:str resourceVersion:str uid:str
        PortStatus
          error:str port!:int32 protocol!:str
        Secret
          apiVersion:str data:{bytes} immutable:bool kind:str metadata:meta.ObjectMeta stringData:{str} type:str
        SecretReference@
          name:str namespace:str
        Service
          apiVersion:str kind:str metadata:meta.ObjectMeta spec:ServiceSpec status:ServiceStatus
        ServiceAccount
          apiVersion:str automountServiceAccountToken:bool imagePullSecrets:[LocalObjectReference] kind:str
          metadata:meta.ObjectMeta secrets:[ObjectReference]*name&
        ServicePort
          appProtocol:str name:str nodePort:int32 port!:int32 protocol:str targetPort:intstr
        ServiceSpec
          allocateLoadBalancerNodePorts:bool clusterIP:str clusterIPs:[str] externalIPs:[str] externalName:str
          externalTrafficPolicy:str healthCheckNodePort:int32 internalTrafficPolicy:str ipFamilies:[str] ipFamilyPolicy:str
          loadBalancerClass:str loadBalancerIP:str loadBalancerSourceRanges:[str] ports:[ServicePort]*port,protocol&
          publishNotReadyAddresses:bool selector:{str}@ sessionAffinity:str sessionAffinityConfig:SessionAffinityConfig
          trafficDistribution:str type:str
        ServiceStatus
          conditions:[meta.Condition]*type& loadBalancer:LoadBalancerStatus
        Taint
          effect!:str key!:str timeAdded:time value:str
        TypedLocalObjectReference@
          apiGroup:str kind!:str name!:str
        TypedObjectReference
          apiGroup:str kind!:str name!:str namespace:str
        """
}
