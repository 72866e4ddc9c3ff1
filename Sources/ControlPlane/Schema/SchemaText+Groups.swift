extension SchemaText {
    /// The named API groups.
    static let groups = """
        # apps io.k8s.api.apps.v1
        ControllerRevision
          apiVersion:str data:any=2 kind:str metadata:meta.ObjectMeta=1 revision!:int64=3
        DaemonSet
          apiVersion:str kind:str metadata:meta.ObjectMeta=1 spec:DaemonSetSpec=2 status:DaemonSetStatus=3
        DaemonSetCondition
          lastTransitionTime:time=3 message:str=5 reason:str=4 status!:str=2 type!:str=1
        DaemonSetSpec
          minReadySeconds:int32=4 revisionHistoryLimit:int32=6 selector!:meta.LabelSelector=1 template!:core.PodTemplateSpec=2
          updateStrategy:DaemonSetUpdateStrategy=3
        DaemonSetStatus
          collisionCount:int32=9 conditions:[DaemonSetCondition]*type&=10 currentNumberScheduled!:int32=1
          desiredNumberScheduled!:int32=3 numberAvailable:int32=7 numberMisscheduled!:int32=2 numberReady!:int32=4
          numberUnavailable:int32=8 observedGeneration:int64=5 updatedNumberScheduled:int32=6
        DaemonSetUpdateStrategy
          rollingUpdate:RollingUpdateDaemonSet=2 type:str=1
        RollingUpdateDaemonSet
          maxSurge:intstr=2 maxUnavailable:intstr=1
        RollingUpdateStatefulSetStrategy
          maxUnavailable:intstr=2 partition:int32=1
        StatefulSet
          apiVersion:str kind:str metadata:meta.ObjectMeta=1 spec:StatefulSetSpec=2 status:StatefulSetStatus=3
        StatefulSetCondition
          lastTransitionTime:time=3 message:str=5 reason:str=4 status!:str=2 type!:str=1
        StatefulSetOrdinals
          start:int32=1
        StatefulSetPersistentVolumeClaimRetentionPolicy
          whenDeleted:str=1 whenScaled:str=2
        StatefulSetSpec
          minReadySeconds:int32=9 ordinals:StatefulSetOrdinals=11
          persistentVolumeClaimRetentionPolicy:StatefulSetPersistentVolumeClaimRetentionPolicy=10 podManagementPolicy:str=6
          replicas:int32=1 revisionHistoryLimit:int32=8 selector!:meta.LabelSelector=2 serviceName:str=5
          template!:core.PodTemplateSpec=3 updateStrategy:StatefulSetUpdateStrategy=7
          volumeClaimTemplates:[core.PersistentVolumeClaim]=4
        StatefulSetStatus
          availableReplicas:int32=11 collisionCount:int32=9 conditions:[StatefulSetCondition]*type&=10 currentReplicas:int32=4
          currentRevision:str=6 observedGeneration:int64=1 readyReplicas:int32=3 replicas!:int32=2 updateRevision:str=7
          updatedReplicas:int32=5
        StatefulSetUpdateStrategy
          rollingUpdate:RollingUpdateStatefulSetStrategy=2 type:str=1
        # authentication io.k8s.api.authentication.v1
        BoundObjectReference
          apiVersion:str=2 kind:str=1 name:str=3 uid:str=4
        SelfSubjectReview
          apiVersion:str kind:str metadata:meta.ObjectMeta=1 status:SelfSubjectReviewStatus=2
        SelfSubjectReviewStatus
          userInfo:UserInfo=1
        TokenRequest
          apiVersion:str kind:str metadata:meta.ObjectMeta=1 spec:TokenRequestSpec=2 status:TokenRequestStatus=3
        TokenRequestSpec
          audiences:[str]=1 boundObjectRef:BoundObjectReference=3 expirationSeconds:int64=4
        TokenRequestStatus
          expirationTimestamp:time=2 token:str=1
        TokenReview
          apiVersion:str kind:str metadata:meta.ObjectMeta=1 spec!:TokenReviewSpec=2 status:TokenReviewStatus=3
        TokenReviewSpec
          audiences:[str]=2 token!:str=1
        TokenReviewStatus
          audiences:[str]=4 authenticated:bool=1 error:str=3 user:UserInfo=2
        UserInfo
          extra:{[str]}=4 groups:[str]=3 uid:str=2 username:str=1
        # authorization io.k8s.api.authorization.v1
        FieldSelectorAttributes
          rawSelector:str=1 requirements:[meta.FieldSelectorRequirement]=2
        LabelSelectorAttributes
          rawSelector:str=1 requirements:[meta.LabelSelectorRequirement]=2
        NonResourceAttributes
          path:str=1 verb:str=2
        ResourceAttributes
          fieldSelector:FieldSelectorAttributes=8 group:str=3 labelSelector:LabelSelectorAttributes=9 name:str=7 namespace:str=1
          resource:str=5 subresource:str=6 verb:str=2 version:str=4
        SelfSubjectAccessReview
          apiVersion:str kind:str metadata:meta.ObjectMeta=1 spec!:SelfSubjectAccessReviewSpec=2
          status:SubjectAccessReviewStatus=3
        SelfSubjectAccessReviewSpec
          nonResourceAttributes:NonResourceAttributes=2 resourceAttributes:ResourceAttributes=1
        SubjectAccessReview
          apiVersion:str kind:str metadata:meta.ObjectMeta=1 spec!:SubjectAccessReviewSpec=2 status:SubjectAccessReviewStatus=3
        SubjectAccessReviewSpec
          extra:{[str]}=5 groups:[str]=4 nonResourceAttributes:NonResourceAttributes=2 resourceAttributes:ResourceAttributes=1
          uid:str=6 user:str=3
        SubjectAccessReviewStatus
          allowed!:bool=1 denied:bool=4 evaluationError:str=3 reason:str=2
        # autoscaling io.k8s.api.autoscaling.v1
        Scale
          apiVersion:str kind:str metadata:meta.ObjectMeta=1 spec:ScaleSpec=2 status:ScaleStatus=3
        ScaleSpec
          replicas:int32=1
        ScaleStatus
          replicas!:int32=1 selector:str=2
        # coordination io.k8s.api.coordination.v1
        Lease
          apiVersion:str kind:str metadata:meta.ObjectMeta=1 spec:LeaseSpec=2
        LeaseSpec
          acquireTime:micro=3 holderIdentity:str=1 leaseDurationSeconds:int32=2 leaseTransitions:int32=5 preferredHolder:str=7
          renewTime:micro=4 strategy:str=6
        # discovery io.k8s.api.discovery.v1
        Endpoint
          addresses!:[str]*=1 conditions:EndpointConditions=2 deprecatedTopology:{str}=5 hints:EndpointHints=8 hostname:str=3
          nodeName:str=6 targetRef:core.ObjectReference=4 zone:str=7
        EndpointConditions
          ready:bool=1 serving:bool=2 terminating:bool=3
        EndpointHints
          forNodes:[ForNode]=2 forZones:[ForZone]=1
        EndpointPort@
          appProtocol:str=4 name:str=1 port:int32=3 protocol:str=2
        EndpointSlice
          addressType!:str=4 apiVersion:str endpoints:[Endpoint]=2 kind:str metadata:meta.ObjectMeta=1 ports:[EndpointPort]=3
        ForNode
          name!:str=1
        ForZone
          name!:str=1
        # events io.k8s.api.events.v1
        Event
          action:str=6 apiVersion:str deprecatedCount:int32=15 deprecatedFirstTimestamp:time=13 deprecatedLastTimestamp:time=14
          deprecatedSource:core.EventSource=12 eventTime!:micro=2 kind:str metadata:meta.ObjectMeta=1 note:str=10 reason:str=7
          regarding:core.ObjectReference=8 related:core.ObjectReference=9 reportingController:str=4 reportingInstance:str=5
          series:EventSeries=3 type:str=11
        EventSeries
          count!:int32=1 lastObservedTime!:micro=2
        # node io.k8s.api.node.v1
        Overhead
          podFixed:{quantity}=1
        RuntimeClass
          apiVersion:str handler!:str=2 kind:str metadata:meta.ObjectMeta=1 overhead:Overhead=3 scheduling:Scheduling=4
        Scheduling
          nodeSelector:{str}@=1 tolerations:[core.Toleration]=2
        # policy io.k8s.api.policy.v1
        Eviction
          apiVersion:str deleteOptions:meta.DeleteOptions=2 kind:str metadata:meta.ObjectMeta=1
        # storage io.k8s.api.storage.v1
        StorageClass
          allowVolumeExpansion:bool=6 allowedTopologies:[core.TopologySelectorTerm]=8 apiVersion:str kind:str
          metadata:meta.ObjectMeta=1 mountOptions:[str]=5 parameters:{str}=3 provisioner!:str=2 reclaimPolicy:str=4
          volumeBindingMode:str=7
        """
}
