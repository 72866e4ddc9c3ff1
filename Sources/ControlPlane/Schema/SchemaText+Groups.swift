extension SchemaText {
    /// The named API groups.
    static let groups = """
        # apps io.k8s.api.apps.v1
        ControllerRevision
          apiVersion:str data:any kind:str metadata:meta.ObjectMeta revision!:int64
        DaemonSet
          apiVersion:str kind:str metadata:meta.ObjectMeta spec:DaemonSetSpec status:DaemonSetStatus
        DaemonSetCondition
          lastTransitionTime:time message:str reason:str status!:str type!:str
        DaemonSetSpec
          minReadySeconds:int32 revisionHistoryLimit:int32 selector!:meta.LabelSelector template!:core.PodTemplateSpec
          updateStrategy:DaemonSetUpdateStrategy
        DaemonSetStatus
          collisionCount:int32 conditions:[DaemonSetCondition]*type& currentNumberScheduled!:int32 desiredNumberScheduled!:int32
          numberAvailable:int32 numberMisscheduled!:int32 numberReady!:int32 numberUnavailable:int32 observedGeneration:int64
          updatedNumberScheduled:int32
        DaemonSetUpdateStrategy
          rollingUpdate:RollingUpdateDaemonSet type:str
        RollingUpdateDaemonSet
          maxSurge:intstr maxUnavailable:intstr
        RollingUpdateStatefulSetStrategy
          maxUnavailable:intstr partition:int32
        StatefulSet
          apiVersion:str kind:str metadata:meta.ObjectMeta spec:StatefulSetSpec status:StatefulSetStatus
        StatefulSetCondition
          lastTransitionTime:time message:str reason:str status!:str type!:str
        StatefulSetOrdinals
          start:int32
        StatefulSetPersistentVolumeClaimRetentionPolicy
          whenDeleted:str whenScaled:str
        StatefulSetSpec
          minReadySeconds:int32 ordinals:StatefulSetOrdinals
          persistentVolumeClaimRetentionPolicy:StatefulSetPersistentVolumeClaimRetentionPolicy podManagementPolicy:str
          replicas:int32 revisionHistoryLimit:int32 selector!:meta.LabelSelector serviceName:str template!:core.PodTemplateSpec
          updateStrategy:StatefulSetUpdateStrategy volumeClaimTemplates:[core.PersistentVolumeClaim]
        StatefulSetStatus
          availableReplicas:int32 collisionCount:int32 conditions:[StatefulSetCondition]*type& currentReplicas:int32
          currentRevision:str observedGeneration:int64 readyReplicas:int32 replicas!:int32 updateRevision:str
          updatedReplicas:int32
        StatefulSetUpdateStrategy
          rollingUpdate:RollingUpdateStatefulSetStrategy type:str
        # authentication io.k8s.api.authentication.v1
        BoundObjectReference
          apiVersion:str kind:str name:str uid:str
        SelfSubjectReview
          apiVersion:str kind:str metadata:meta.ObjectMeta status:SelfSubjectReviewStatus
        SelfSubjectReviewStatus
          userInfo:UserInfo
        TokenRequest
          apiVersion:str kind:str metadata:meta.ObjectMeta spec:TokenRequestSpec status:TokenRequestStatus
        TokenRequestSpec
          audiences:[str] boundObjectRef:BoundObjectReference expirationSeconds:int64
        TokenRequestStatus
          expirationTimestamp:time token:str
        TokenReview
          apiVersion:str kind:str metadata:meta.ObjectMeta spec!:TokenReviewSpec status:TokenReviewStatus
        TokenReviewSpec
          audiences:[str] token!:str
        TokenReviewStatus
          audiences:[str] authenticated:bool error:str user:UserInfo
        UserInfo
          extra:{[str]} groups:[str] uid:str username:str
        # authorization io.k8s.api.authorization.v1
        FieldSelectorAttributes
          rawSelector:str requirements:[meta.FieldSelectorRequirement]
        LabelSelectorAttributes
          rawSelector:str requirements:[meta.LabelSelectorRequirement]
        NonResourceAttributes
          path:str verb:str
        ResourceAttributes
          fieldSelector:FieldSelectorAttributes group:str labelSelector:LabelSelectorAttributes name:str namespace:str
          resource:str subresource:str verb:str version:str
        SelfSubjectAccessReview
          apiVersion:str kind:str metadata:meta.ObjectMeta spec!:SelfSubjectAccessReviewSpec status:SubjectAccessReviewStatus
        SelfSubjectAccessReviewSpec
          nonResourceAttributes:NonResourceAttributes resourceAttributes:ResourceAttributes
        SubjectAccessReview
          apiVersion:str kind:str metadata:meta.ObjectMeta spec!:SubjectAccessReviewSpec status:SubjectAccessReviewStatus
        SubjectAccessReviewSpec
          extra:{[str]} groups:[str] nonResourceAttributes:NonResourceAttributes resourceAttributes:ResourceAttributes uid:str
          user:str
        SubjectAccessReviewStatus
          allowed!:bool denied:bool evaluationError:str reason:str
        # autoscaling io.k8s.api.autoscaling.v1
        Scale
          apiVersion:str kind:str metadata:meta.ObjectMeta spec:ScaleSpec status:ScaleStatus
        ScaleSpec
          replicas:int32
        ScaleStatus
          replicas!:int32 selector:str
        # coordination io.k8s.api.coordination.v1
        Lease
          apiVersion:str kind:str metadata:meta.ObjectMeta spec:LeaseSpec
        LeaseSpec
          acquireTime:micro holderIdentity:str leaseDurationSeconds:int32 leaseTransitions:int32 preferredHolder:str
          renewTime:micro strategy:str
        # discovery io.k8s.api.discovery.v1
        Endpoint
          addresses!:[str]* conditions:EndpointConditions deprecatedTopology:{str} hints:EndpointHints hostname:str nodeName:str
          targetRef:core.ObjectReference zone:str
        EndpointConditions
          ready:bool serving:bool terminating:bool
        EndpointHints
          forNodes:[ForNode] forZones:[ForZone]
        EndpointPort@
          appProtocol:str name:str port:int32 protocol:str
        EndpointSlice
          addressType!:str apiVersion:str endpoints:[Endpoint] kind:str metadata:meta.ObjectMeta ports:[EndpointPort]
        ForNode
          name!:str
        ForZone
          name!:str
        # events io.k8s.api.events.v1
        Event
          action:str apiVersion:str deprecatedCount:int32 deprecatedFirstTimestamp:time deprecatedLastTimestamp:time
          deprecatedSource:core.EventSource eventTime!:micro kind:str metadata:meta.ObjectMeta note:str reason:str
          regarding:core.ObjectReference related:core.ObjectReference reportingController:str reportingInstance:str
          series:EventSeries type:str
        EventSeries
          count!:int32 lastObservedTime!:micro
        # policy io.k8s.api.policy.v1
        Eviction
          apiVersion:str deleteOptions:meta.DeleteOptions kind:str metadata:meta.ObjectMeta
        # storage io.k8s.api.storage.v1
        StorageClass
          allowVolumeExpansion:bool allowedTopologies:[core.TopologySelectorTerm] apiVersion:str kind:str
          metadata:meta.ObjectMeta mountOptions:[str] parameters:{str} provisioner!:str reclaimPolicy:str volumeBindingMode:str
        """
}
