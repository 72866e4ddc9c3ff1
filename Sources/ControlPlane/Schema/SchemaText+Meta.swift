extension SchemaText {
    /// Metadata that all kinds share.
    static let meta = """
        # meta io.k8s.apimachinery.pkg.apis.meta.v1
        Condition
          lastTransitionTime!:time=4 message!:str=6 observedGeneration:int64=3 reason!:str=5 status!:str=2 type!:str=1
        DeleteOptions
          apiVersion:str dryRun:[str]=5 gracePeriodSeconds:int64=1 ignoreStoreReadErrorWithClusterBreakingPotential:bool=6
          kind:str orphanDependents:bool=3 preconditions:Preconditions=2 propagationPolicy:str=4
        FieldSelectorRequirement
          key!:str=1 operator!:str=2 values:[str]=3
        LabelSelector@
          matchExpressions:[LabelSelectorRequirement]=2 matchLabels:{str}=1
        LabelSelectorRequirement
          key!:str=1 operator!:str=2 values:[str]=3
        ListMeta
          continue:str=3 remainingItemCount:int64=4 resourceVersion:str=2 selfLink:str=1 shardInfo:ShardInfo=5
        ManagedFieldsEntry
          apiVersion:str=3 fieldsType:str=6 fieldsV1:any=7 manager:str=1 operation:str=2 subresource:str=8 time:time=4
        ObjectMeta
          annotations:{str}=12 creationTimestamp:time=8 deletionGracePeriodSeconds:int64=10 deletionTimestamp:time=9
          finalizers:[str]*&=14 generateName:str=2 generation:int64=7 labels:{str}=11 managedFields:[ManagedFieldsEntry]=17
          name:str=1 namespace:str=3 ownerReferences:[OwnerReference]*uid&=13 resourceVersion:str=6 selfLink:str=4 uid:str=5
        OwnerReference@
          apiVersion!:str=5 blockOwnerDeletion:bool=7 controller:bool=6 kind!:str=1 name!:str=3 uid!:str=4
        Preconditions
          resourceVersion:str=2 uid:str=1
        ShardInfo
          selector!:str=1
        Status
          apiVersion:str code:int32=6 details:StatusDetails=5 kind:str message:str=3 metadata:ListMeta=1 reason:str=4
          status:str=2
        StatusCause
          field:str=3 message:str=2 reason:str=1
        StatusDetails
          causes:[StatusCause]=4 group:str=2 kind:str=3 name:str=1 retryAfterSeconds:int32=5 uid:str=6
        """
}
