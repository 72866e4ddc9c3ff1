extension SchemaText {
    /// Volumes, claims and their sources.
    static let volumes = """
        # core io.k8s.api.core.v1
        AWSElasticBlockStoreVolumeSource
          fsType:str partition:int32 readOnly:bool volumeID!:str
        AttachedVolume
          devicePath!:str name!:str
        AzureDiskVolumeSource
          cachingMode:str diskName!:str diskURI!:str fsType:str kind:str readOnly:bool
        AzureFilePersistentVolumeSource
          readOnly:bool secretName!:str secretNamespace:str shareName!:str
        AzureFileVolumeSource
          readOnly:bool secretName!:str shareName!:str
        CSIPersistentVolumeSource
          controllerExpandSecretRef:SecretReference controllerPublishSecretRef:SecretReference driver!:str fsType:str
          nodeExpandSecretRef:SecretReference nodePublishSecretRef:SecretReference nodeStageSecretRef:SecretReference
          readOnly:bool volumeAttributes:{str} volumeHandle!:str
        CSIVolumeSource
          driver!:str fsType:str nodePublishSecretRef:LocalObjectReference readOnly:bool volumeAttributes:{str}
        CephFSPersistentVolumeSource
          monitors!:[str] path:str readOnly:bool secretFile:str secretRef:SecretReference user:str
        CephFSVolumeSource
          monitors!:[str] path:str readOnly:bool secretFile:str secretRef:LocalObjectReference user:str
        CinderPersistentVolumeSource
          fsType:str readOnly:bool secretRef:SecretReference volumeID!:str
        CinderVolumeSource
          fsType:str readOnly:bool secretRef:LocalObjectReference volumeID!:str
        ClusterTrustBundleProjection
          labelSelector:meta.LabelSelector name:str optional:bool path!:str signerName:str
        ConfigMapProjection
          items:[KeyToPath] name:str optional:bool
        ConfigMapVolumeSource
          defaultMode:int32 items:[KeyToPath] name:str optional:bool
        DownwardAPIProjection
          items:[DownwardAPIVolumeFile]
        DownwardAPIVolumeFile
          fieldRef:ObjectFieldSelector mode:int32 path!:str resourceFieldRef:ResourceFieldSelector
        DownwardAPIVolumeSource
          defaultMode:int32 items:[DownwardAPIVolumeFile]
        EmptyDirVolumeSource
          medium:str sizeLimit:quantity
        EphemeralVolumeSource
          volumeClaimTemplate:PersistentVolumeClaimTemplate
        FCVolumeSource
          fsType:str lun:int32 readOnly:bool targetWWNs:[str] wwids:[str]
        FlexPersistentVolumeSource
          driver!:str fsType:str options:{str} readOnly:bool secretRef:SecretReference
        FlexVolumeSource
          driver!:str fsType:str options:{str} readOnly:bool secretRef:LocalObjectReference
        FlockerVolumeSource
          datasetName:str datasetUUID:str
        GCEPersistentDiskVolumeSource
          fsType:str partition:int32 pdName!:str readOnly:bool
        GitRepoVolumeSource
          directory:str repository!:str revision:str
        GlusterfsPersistentVolumeSource
          endpoints!:str endpointsNamespace:str path!:str readOnly:bool
        GlusterfsVolumeSource
          endpoints!:str path!:str readOnly:bool
        HostPathVolumeSource
          path!:str type:str
        ISCSIPersistentVolumeSource
          chapAuthDiscovery:bool chapAuthSession:bool fsType:str initiatorName:str iqn!:str iscsiInterface:str lun!:int32
          portals:[str] readOnly:bool secretRef:SecretReference targetPortal!:str
        ISCSIVolumeSource
          chapAuthDiscovery:bool chapAuthSession:bool fsType:str initiatorName:str iqn!:str iscsiInterface:str lun!:int32
          portals:[str] readOnly:bool secretRef:LocalObjectReference targetPortal!:str
        ImageVolumeSource
          pullPolicy:str reference:str
        ImageVolumeStatus
          imageRef!:str
        KeyToPath
          key!:str mode:int32 path!:str
        LocalVolumeSource
          fsType:str path!:str
        ModifyVolumeStatus
          status!:str targetVolumeAttributesClassName:str
        NFSVolumeSource
          path!:str readOnly:bool server!:str
        PersistentVolume
          apiVersion:str kind:str metadata:meta.ObjectMeta spec:PersistentVolumeSpec status:PersistentVolumeStatus
        PersistentVolumeClaim
          apiVersion:str kind:str metadata:meta.ObjectMeta spec:PersistentVolumeClaimSpec status:PersistentVolumeClaimStatus
        PersistentVolumeClaimCondition
          lastProbeTime:time lastTransitionTime:time message:str reason:str status!:str type!:str
        PersistentVolumeClaimSpec
          accessModes:[str] dataSource:TypedLocalObjectReference dataSourceRef:TypedObjectReference
          resources:VolumeResourceRequirements selector:meta.LabelSelector storageClassName:str volumeAttributesClassName:str
          volumeMode:str volumeName:str
        PersistentVolumeClaimStatus
          accessModes:[str] allocatedResourceStatuses:{str} allocatedResources:{quantity} capacity:{quantity}
          conditions:[PersistentVolumeClaimCondition]*type& currentVolumeAttributesClassName:str
          modifyVolumeStatus:ModifyVolumeStatus phase:str
        PersistentVolumeClaimTemplate
          metadata:meta.ObjectMeta spec!:PersistentVolumeClaimSpec
        PersistentVolumeClaimVolumeSource
          claimName!:str readOnly:bool
        PersistentVolumeSpec
          accessModes:[str] awsElasticBlockStore:AWSElasticBlockStoreVolumeSource azureDisk:AzureDiskVolumeSource
          azureFile:AzureFilePersistentVolumeSource capacity:{quantity} cephfs:CephFSPersistentVolumeSource
          cinder:CinderPersistentVolumeSource claimRef:ObjectReference csi:CSIPersistentVolumeSource fc:FCVolumeSource
          flexVolume:FlexPersistentVolumeSource flocker:FlockerVolumeSource gcePersistentDisk:GCEPersistentDiskVolumeSource
          glusterfs:GlusterfsPersistentVolumeSource hostPath:HostPathVolumeSource iscsi:ISCSIPersistentVolumeSource
          local:LocalVolumeSource mountOptions:[str] nfs:NFSVolumeSource nodeAffinity:VolumeNodeAffinity
          persistentVolumeReclaimPolicy:str photonPersistentDisk:PhotonPersistentDiskVolumeSource
          portworxVolume:PortworxVolumeSource quobyte:QuobyteVolumeSource rbd:RBDPersistentVolumeSource
          scaleIO:ScaleIOPersistentVolumeSource storageClassName:str storageos:StorageOSPersistentVolumeSource
          volumeAttributesClassName:str volumeMode:str vsphereVolume:VsphereVirtualDiskVolumeSource
        PersistentVolumeStatus
          lastPhaseTransitionTime:time message:str phase:str reason:str
        PhotonPersistentDiskVolumeSource
          fsType:str pdID!:str
        PodCertificateProjection
          certificateChainPath:str credentialBundlePath:str keyPath:str keyType!:str maxExpirationSeconds:int32 signerName!:str
          userAnnotations:{str}
        PortworxVolumeSource
          fsType:str readOnly:bool volumeID!:str
        ProjectedVolumeSource
          defaultMode:int32 sources:[VolumeProjection]
        QuobyteVolumeSource
          group:str readOnly:bool registry!:str tenant:str user:str volume!:str
        RBDPersistentVolumeSource
          fsType:str image!:str keyring:str monitors!:[str] pool:str readOnly:bool secretRef:SecretReference user:str
        RBDVolumeSource
          fsType:str image!:str keyring:str monitors!:[str] pool:str readOnly:bool secretRef:LocalObjectReference user:str
        ScaleIOPersistentVolumeSource
          fsType:str gateway!:str protectionDomain:str readOnly:bool secretRef!:SecretReference sslEnabled:bool storageMode:str
          storagePool:str system!:str volumeName:str
        ScaleIOVolumeSource
          fsType:str gateway!:str protectionDomain:str readOnly:bool secretRef!:LocalObjectReference sslEnabled:bool
          storageMode:str storagePool:str system!:str volumeName:str
        SecretProjection
          items:[KeyToPath] name:str optional:bool
        SecretVolumeSource
          defaultMode:int32 items:[KeyToPath] optional:bool secretName:str
        ServiceAccountTokenProjection
          audience:str expirationSeconds:int64 path!:str
        StorageOSPersistentVolumeSource
          fsType:str readOnly:bool secretRef:ObjectReference volumeName:str volumeNamespace:str
        StorageOSVolumeSource
          fsType:str readOnly:bool secretRef:LocalObjectReference volumeName:str volumeNamespace:str
        TopologySelectorLabelRequirement
          key!:str values!:[str]
        TopologySelectorTerm@
          matchLabelExpressions:[TopologySelectorLabelRequirement]
        TopologySpreadConstraint
          labelSelector:meta.LabelSelector matchLabelKeys:[str] maxSkew!:int32 minDomains:int32 nodeAffinityPolicy:str
          nodeTaintsPolicy:str topologyKey!:str whenUnsatisfiable!:str
        Volume
          awsElasticBlockStore:AWSElasticBlockStoreVolumeSource azureDisk:AzureDiskVolumeSource azureFile:AzureFileVolumeSource
          cephfs:CephFSVolumeSource cinder:CinderVolumeSource configMap:ConfigMapVolumeSource csi:CSIVolumeSource
          downwardAPI:DownwardAPIVolumeSource emptyDir:EmptyDirVolumeSource ephemeral:EphemeralVolumeSource fc:FCVolumeSource
          flexVolume:FlexVolumeSource flocker:FlockerVolumeSource gcePersistentDisk:GCEPersistentDiskVolumeSource
          gitRepo:GitRepoVolumeSource glusterfs:GlusterfsVolumeSource hostPath:HostPathVolumeSource image:ImageVolumeSource
          iscsi:ISCSIVolumeSource name!:str nfs:NFSVolumeSource persistentVolumeClaim:PersistentVolumeClaimVolumeSource
          photonPersistentDisk:PhotonPersistentDiskVolumeSource portworxVolume:PortworxVolumeSource
          projected:ProjectedVolumeSource quobyte:QuobyteVolumeSource rbd:RBDVolumeSource scaleIO:ScaleIOVolumeSource
          secret:SecretVolumeSource storageos:StorageOSVolumeSource vsphereVolume:VsphereVirtualDiskVolumeSource
        VolumeDevice
          devicePath!:str name!:str
        VolumeMount
          mountPath!:str mountPropagation:str name!:str readOnly:bool recursiveReadOnly:str subPath:str subPathExpr:str
        VolumeMountStatus
          mountPath!:str name!:str readOnly:bool recursiveReadOnly:str volumeStatus:VolumeStatus
        VolumeNodeAffinity
          required:NodeSelector
        VolumeProjection
          clusterTrustBundle:ClusterTrustBundleProjection configMap:ConfigMapProjection downwardAPI:DownwardAPIProjection
          podCertificate:PodCertificateProjection secret:SecretProjection serviceAccountToken:ServiceAccountTokenProjection
        VolumeResourceRequirements
          limits:{quantity} requests:{quantity}
        VolumeStatus
          image:ImageVolumeStatus
        VsphereVirtualDiskVolumeSource
          fsType:str storagePolicyID:str storagePolicyName:str volumePath!:str
        """
}
