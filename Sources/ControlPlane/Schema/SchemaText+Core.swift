extension SchemaText {
    /// The other kinds of the core group.
    static let core = """
        # core io.k8s.api.core.v1
        Binding
          apiVersion:str kind:str metadata:meta.ObjectMeta=1 target!:ObjectReference=2
        ClientIPConfig
          timeoutSeconds:int32=1
        ConfigMap
          apiVersion:str binaryData:{bytes}=3 data:{str}=2 immutable:bool=4 kind:str metadata:meta.ObjectMeta=1
        ConfigMapNodeConfigSource
          kubeletConfigKey!:str=5 name!:str=2 namespace!:str=1 resourceVersion:str=4 uid:str=3
        DaemonEndpoint
          Port!:int32=1
        EndpointAddress@
          hostname:str=3 ip!:str=1 nodeName:str=4 targetRef:ObjectReference=2
        EndpointPort@
          appProtocol:str=4 name:str=1 port!:int32=2 protocol:str=3
        EndpointSubset
          addresses:[EndpointAddress]=1 notReadyAddresses:[EndpointAddress]=2 ports:[EndpointPort]=3
        Endpoints
          apiVersion:str kind:str metadata:meta.ObjectMeta=1 subsets:[EndpointSubset]=2
        Event
          action:str=12 apiVersion:str count:int32=8 eventTime:micro=10 firstTimestamp:time=6 involvedObject!:ObjectReference=2
          kind:str lastTimestamp:time=7 message:str=4 metadata!:meta.ObjectMeta=1 reason:str=3 related:ObjectReference=13
          reportingComponent:str=14 reportingInstance:str=15 series:EventSeries=11 source:EventSource=5 type:str=9
        EventSeries
          count:int32=1 lastObservedTime:micro=2
        EventSource
          component:str=1 host:str=2
        HTTPHeader
          name!:str=1 value!:str=2
        LoadBalancerIngress
          hostname:str=2 ip:str=1 ipMode:str=3 ports:[PortStatus]=4
        LoadBalancerStatus
          ingress:[LoadBalancerIngress]=1
        LocalObjectReference@
          name:str=1
        Namespace
          apiVersion:str kind:str metadata:meta.ObjectMeta=1 spec:NamespaceSpec=2 status:NamespaceStatus=3
        NamespaceCondition
          lastTransitionTime:time=4 message:str=6 reason:str=5 status!:str=2 type!:str=1
        NamespaceSpec
          finalizers:[str]=1
        NamespaceStatus
          conditions:[NamespaceCondition]*type&=2 phase:str=1
        Node
          apiVersion:str kind:str metadata:meta.ObjectMeta=1 spec:NodeSpec=2 status:NodeStatus=3
        NodeAddress
          address!:str=2 type!:str=1
        NodeCondition
          lastHeartbeatTime:time=3 lastTransitionTime:time=4 message:str=6 reason:str=5 status!:str=2 type!:str=1
        NodeConfigSource
          configMap:ConfigMapNodeConfigSource=2
        NodeConfigStatus
          active:NodeConfigSource=2 assigned:NodeConfigSource=1 error:str=4 lastKnownGood:NodeConfigSource=3
        NodeDaemonEndpoints
          kubeletEndpoint:DaemonEndpoint=1
        NodeFeatures
          supplementalGroupsPolicy:bool=1
        NodeRuntimeHandler
          features:NodeRuntimeHandlerFeatures=2 name:str=1
        NodeRuntimeHandlerFeatures
          recursiveReadOnlyMounts:bool=1 userNamespaces:bool=2
        NodeSpec
          configSource:NodeConfigSource=6 externalID:str=2 podCIDR:str=1 podCIDRs:[str]*&=7 providerID:str=3 taints:[Taint]=5
          unschedulable:bool=4
        NodeStatus
          addresses:[NodeAddress]*type&=5 allocatable:{quantity}=2 capacity:{quantity}=1 conditions:[NodeCondition]*type&=4
          config:NodeConfigStatus=11 daemonEndpoints:NodeDaemonEndpoints=6 declaredFeatures:[str]=14 features:NodeFeatures=13
          images:[ContainerImage]=8 nodeInfo:NodeSystemInfo=7 phase:str=3 runtimeHandlers:[NodeRuntimeHandler]=12
          volumesAttached:[AttachedVolume]=10 volumesInUse:[str]=9
        NodeSwapStatus
          capacity:int64=1
        NodeSystemInfo
          architecture!:str=10 bootID!:str=3 containerRuntimeVersion!:str=6 kernelVersion!:str=4 kubeProxyVersion!:str=8
          kubeletVersion!:str=7 machineID!:str=1 operatingSystem!:str=9 osImage!:str=5 swap:NodeSwapStatus=11 systemUUID!:str=2
        ObjectReference@
          apiVersion:str=5 fieldPath:str=7 kind:str=1 name:str=3 namespace:str=2 resourceVersion:str=6 uid:str=4
        PortStatus
          error:str=3 port!:int32=1 protocol!:str=2
        Secret
          apiVersion:str data:{bytes}=2 immutable:bool=5 kind:str metadata:meta.ObjectMeta=1 stringData:{str}=4 type:str=3
        SecretReference@
          name:str=1 namespace:str=2
        Service
          apiVersion:str kind:str metadata:meta.ObjectMeta=1 spec:ServiceSpec=2 status:ServiceStatus=3
        ServiceAccount
          apiVersion:str automountServiceAccountToken:bool=4 imagePullSecrets:[LocalObjectReference]=3 kind:str
          metadata:meta.ObjectMeta=1 secrets:[ObjectReference]*name&=2
        ServicePort
          appProtocol:str=6 name:str=1 nodePort:int32=5 port!:int32=3 protocol:str=2 targetPort:intstr=4
        ServiceSpec
          allocateLoadBalancerNodePorts:bool=20 clusterIP:str=3 clusterIPs:[str]=18 externalIPs:[str]=5 externalName:str=10
          externalTrafficPolicy:str=11 healthCheckNodePort:int32=12 internalTrafficPolicy:str=22 ipFamilies:[str]=19
          ipFamilyPolicy:str=17 loadBalancerClass:str=21 loadBalancerIP:str=8 loadBalancerSourceRanges:[str]=9
          ports:[ServicePort]*port,protocol&=1 publishNotReadyAddresses:bool=13 selector:{str}@=2 sessionAffinity:str=7
          sessionAffinityConfig:SessionAffinityConfig=14 trafficDistribution:str=23 type:str=4
        ServiceStatus
          conditions:[meta.Condition]*type&=2 loadBalancer:LoadBalancerStatus=1
        Taint
          effect!:str=3 key!:str=1 timeAdded:time=4 value:str=2
        TypedLocalObjectReference@
          apiGroup:str=1 kind!:str=2 name!:str=3
        TypedObjectReference
          apiGroup:str=1 kind!:str=2 name!:str=3 namespace:str=4
        """
}
