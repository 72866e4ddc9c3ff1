extension SchemaText {
    /// Metadata that all kinds share.
    static let meta = """
        # meta io.k8s.apimachinery.pkg.apis.meta.v1
        Condition
          lastTransitionTime!:time message!:str observedGeneration:int64 reason!:str status!:str type!:str
        DeleteOptions
          apiVersion:str dryRun:[str] gracePeriodSeconds:int64 ignoreStoreReadErrorWithClusterBreakingPotential:bool kind:str
          orphanDependents:bool preconditions:Preconditions propagationPolicy:str
        FieldSelectorRequirement
          key!:str operator!:str values:[str]
        LabelSelector@
          matchExpressions:[LabelSelectorRequirement] matchLabels:{str}
        LabelSelectorRequirement
          key!:str operator!:str values:[str]
        ListMeta
          continue:str remainingItemCount:int64 resourceVersion:str selfLink:str shardInfo:ShardInfo
        ManagedFieldsEntry
          apiVersion:str fieldsType:str fieldsV1:any manager:str operation:str subresource:str time:time
        ObjectMeta
          annotations:{str} creationTimestamp:time deletionGracePeriodSeconds:int64 deletionTimestamp:time finalizers:[str]*&
          generateName:str generation:int64 labels:{str} managedFields:[ManagedFieldsEntry] name:str namespace:str
          ownerReferences:[OwnerReference]*uid& resourceVersion:str selfLink:str uid:str
        OwnerReference@
          apiVersion!:str blockOwnerDeletion:bool controller:bool kind!:str name!:str uid!:str
        Preconditions
          resourceVersion:str uid:str
        ShardInfo
          selector!:str
        Status
          apiVersion:str code:int32 details:StatusDetails kind:str message:str metadata:ListMeta reason:str status:str
        StatusCause
          field:str message:str reason:str
        StatusDetails
          causes:[StatusCause] group:str kind:str name:str retryAfterSeconds:int32 uid:str
        """
}
