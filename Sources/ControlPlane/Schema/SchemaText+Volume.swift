extension SchemaText {
    /// Volumes, claims and their sources.
    static let volumes = """
        # core io.k8s.api.core.v1
        AWSElasticBlockStoreVolumeSource
          fsType:str=2 partition:int32=3 readOnly:bool=4 volumeID!:str=1
        AttachedVolume
          devicePath!:str=2 name!:str=1
        AzureDiskVolumeSource
          cachingMode:str=3 diskName!:str=1 diskURI!:str=2 fsType:str=4 kind:str=6 readOnly:bool=5
        AzureFilePersistentVolumeSource
          readOnly:bool=3 secretName!:str=1 secretNamespace:str=4 shareName!:str=2
        AzureFileVolumeSource
          readOnly:bool=3 secretName!:str=1 shareName!:str=2
        CSIPersistentVolumeSource
          controllerExpandSecretRef:SecretReference=9 controllerPublishSecretRef:SecretReference=6 driver!:str=1 fsType:str=4
          nodeExpandSecretRef:SecretReference=10 nodePublishSecretRef:SecretReference=8 nodeStageSecretRef:SecretReference=7
          readOnly:bool=3 volumeAttributes:{str}=5 volumeHandle!:str=2
        CSIVolumeSource
          driver!:str=1 fsType:str=3 nodePublishSecretRef:LocalObjectReference=5 readOnly:bool=2 volumeAttributes:{str}=4
        CephFSPersistentVolumeSource
          monitors!:[str]=1 path:str=2 readOnly:bool=6 secretFile:str=4 secretRef:SecretReference=5 user:str=3
        CephFSVolumeSource
          monitors!:[str]=1 path:str=2 readOnly:bool=6 secretFile:str=4 secretRef:LocalObjectReference=5 user:str=3
        CinderPersistentVolumeSource
          fsType:str=2 readOnly:bool=3 secretRef:SecretReference=4 volumeID!:str=1
        CinderVolumeSource
          fsType:str=2 readOnly:bool=3 secretRef:LocalObjectReference=4 volumeID!:str=1
        ClusterTrustBundleProjection
          labelSelector:meta.LabelSelector=3 name:str=1 optional:bool=5 path!:str=4 signerName:str=2
        ConfigMapProjection
          items:[KeyToPath]=2 name:str=1.1 optional:bool=4
        ConfigMapVolumeSource
          defaultMode:int32=3 items:[KeyToPath]=2 name:str=1.1 optional:bool=4
        DownwardAPIProjection
          items:[DownwardAPIVolumeFile]=1
        DownwardAPIVolumeFile
          fieldRef:ObjectFieldSelector=2 mode:int32=4 path!:str=1 resourceFieldRef:ResourceFieldSelector=3
        DownwardAPIVolumeSource
          defaultMode:int32=2 items:[DownwardAPIVolumeFile]=1
        EmptyDirVolumeSource
          medium:str=1 sizeLimit:quantity=2
        EphemeralVolumeSource
          volumeClaimTemplate:PersistentVolumeClaimTemplate=1
        FCVolumeSource
          fsType:str=3 lun:int32=2 readOnly:bool=4 targetWWNs:[str]=1 wwids:[str]=5
        FlexPersistentVolumeSource
          driver!:str=1 fsType:str=2 options:{str}=5 readOnly:bool=4 secretRef:SecretReference=3
        FlexVolumeSource
          driver!:str=1 fsType:str=2 options:{str}=5 readOnly:bool=4 secretRef:LocalObjectReference=3
        FlockerVolumeSource
          datasetName:str=1 datasetUUID:str=2
        GCEPersistentDiskVolumeSource
          fsType:str=2 partition:int32=3 pdName!:str=1 readOnly:bool=4
        GitRepoVolumeSource
          directory:str=3 repository!:str=1 revision:str=2
        GlusterfsPersistentVolumeSource
          endpoints!:str=1 endpointsNamespace:str=4 path!:str=2 readOnly:bool=3
        GlusterfsVolumeSource
          endpoints!:str=1 path!:str=2 readOnly:bool=3
        HostPathVolumeSource
          path!:str=1 type:str=2
        ISCSIPersistentVolumeSource
          chapAuthDiscovery:bool=8 chapAuthSession:bool=11 fsType:str=5 initiatorName:str=12 iqn!:str=2 iscsiInterface:str=4
          lun!:int32=3 portals:[str]=7 readOnly:bool=6 secretRef:SecretReference=10 targetPortal!:str=1
        ISCSIVolumeSource
          chapAuthDiscovery:bool=8 chapAuthSession:bool=11 fsType:str=5 initiatorName:str=12 iqn!:str=2 iscsiInterface:str=4
          lun!:int32=3 portals:[str]=7 readOnly:bool=6 secretRef:LocalObjectReference=10 targetPortal!:str=1
        ImageVolumeSource
          pullPolicy:str=2 reference:str=1
        ImageVolumeStatus
          imageRef!:str=1
        KeyToPath
          key!:str=1 mode:int32=3 path!:str=2
        LocalVolumeSource
          fsType:str=2 path!:str=1
        ModifyVolumeStatus
          status!:str=2 targetVolumeAttributesClassName:str=1
        NFSVolumeSource
          path!:str=2 readOnly:bool=3 server!:str=1
        PersistentVolume
          apiVersion:str kind:str metadata:meta.ObjectMeta=1 spec:PersistentVolumeSpec=2 status:PersistentVolumeStatus=3
        PersistentVolumeClaim
          apiVersion:str kind:str metadata:meta.ObjectMeta=1 spec:PersistentVolumeClaimSpec=2
          status:PersistentVolumeClaimStatus=3
        PersistentVolumeClaimCondition
          lastProbeTime:time=3 lastTransitionTime:time=4 message:str=6 reason:str=5 status!:str=2 type!:str=1
        PersistentVolumeClaimSpec
          accessModes:[str]=1 dataSource:TypedLocalObjectReference=7 dataSourceRef:TypedObjectReference=8
          resources:VolumeResourceRequirements=2 selector:meta.LabelSelector=4 storageClassName:str=5
          volumeAttributesClassName:str=9 volumeMode:str=6 volumeName:str=3
        PersistentVolumeClaimStatus
          accessModes:[str]=2 allocatedResourceStatuses:{str}=7 allocatedResources:{quantity}=5 capacity:{quantity}=3
          conditions:[PersistentVolumeClaimCondition]*type&=4 currentVolumeAttributesClassName:str=8
          modifyVolumeStatus:ModifyVolumeStatus=9 phase:str=1
        PersistentVolumeClaimTemplate
          metadata:meta.ObjectMeta=1 spec!:PersistentVolumeClaimSpec=2
        PersistentVolumeClaimVolumeSource
          claimName!:str=1 readOnly:bool=2
        PersistentVolumeSpec
          accessModes:[str]=3 awsElasticBlockStore:AWSElasticBlockStoreVolumeSource=2.2 azureDisk:AzureDiskVolumeSource=2.16
          azureFile:AzureFilePersistentVolumeSource=2.13 capacity:{quantity}=1 cephfs:CephFSPersistentVolumeSource=2.9
          cinder:CinderPersistentVolumeSource=2.8 claimRef:ObjectReference=4 csi:CSIPersistentVolumeSource=2.22
          fc:FCVolumeSource=2.10 flexVolume:FlexPersistentVolumeSource=2.12 flocker:FlockerVolumeSource=2.11
          gcePersistentDisk:GCEPersistentDiskVolumeSource=2.1 glusterfs:GlusterfsPersistentVolumeSource=2.4
          hostPath:HostPathVolumeSource=2.3 iscsi:ISCSIPersistentVolumeSource=2.7 local:LocalVolumeSource=2.20
          mountOptions:[str]=7 nfs:NFSVolumeSource=2.5 nodeAffinity:VolumeNodeAffinity=9 persistentVolumeReclaimPolicy:str=5
          photonPersistentDisk:PhotonPersistentDiskVolumeSource=2.17 portworxVolume:PortworxVolumeSource=2.18
          quobyte:QuobyteVolumeSource=2.15 rbd:RBDPersistentVolumeSource=2.6 scaleIO:ScaleIOPersistentVolumeSource=2.19
          storageClassName:str=6 storageos:StorageOSPersistentVolumeSource=2.21 volumeAttributesClassName:str=10
          volumeMode:str=8 vsphereVolume:VsphereVirtualDiskVolumeSource=2.14
        PersistentVolumeStatus
          lastPhaseTransitionTime:time=4 message:str=2 phase:str=1 reason:str=3
        PhotonPersistentDiskVolumeSource
          fsType:str=2 pdID!:str=1
        PodCertificateProjection
          certificateChainPath:str=6 credentialBundlePath:str=4 keyPath:str=5 keyType!:str=2 maxExpirationSeconds:int32=3
          signerName!:str=1 userAnnotations:{str}=7
        PortworxVolumeSource
          fsType:str=2 readOnly:bool=3 volumeID!:str=1
        ProjectedVolumeSource
          defaultMode:int32=2 sources:[VolumeProjection]=1
        QuobyteVolumeSource
          group:str=5 readOnly:bool=3 registry!:str=1 tenant:str=6 user:str=4 volume!:str=2
        RBDPersistentVolumeSource
          fsType:str=3 image!:str=2 keyring:str=6 monitors!:[str]=1 pool:str=4 readOnly:bool=8 secretRef:SecretReference=7
          user:str=5
        RBDVolumeSource
          fsType:str=3 image!:str=2 keyring:str=6 monitors!:[str]=1 pool:str=4 readOnly:bool=8 secretRef:LocalObjectReference=7
          user:str=5
        ScaleIOPersistentVolumeSource
          fsType:str=9 gateway!:str=1 protectionDomain:str=5 readOnly:bool=10 secretRef!:SecretReference=3 sslEnabled:bool=4
          storageMode:str=7 storagePool:str=6 system!:str=2 volumeName:str=8
        ScaleIOVolumeSource
          fsType:str=9 gateway!:str=1 protectionDomain:str=5 readOnly:bool=10 secretRef!:LocalObjectReference=3
          sslEnabled:bool=4 storageMode:str=7 storagePool:str=6 system!:str=2 volumeName:str=8
        SecretProjection
          items:[KeyToPath]=2 name:str=1.1 optional:bool=4
        SecretVolumeSource
          defaultMode:int32=3 items:[KeyToPath]=2 optional:bool=4 secretName:str=1
        ServiceAccountTokenProjection
          audience:str=1 expirationSeconds:int64=2 path!:str=3
        StorageOSPersistentVolumeSource
          fsType:str=3 readOnly:bool=4 secretRef:ObjectReference=5 volumeName:str=1 volumeNamespace:str=2
        StorageOSVolumeSource
          fsType:str=3 readOnly:bool=4 secretRef:LocalObjectReference=5 volumeName:str=1 volumeNamespace:str=2
        TopologySelectorLabelRequirement
          key!:str=1 values!:[str]=2
        TopologySelectorTerm@
          matchLabelExpressions:[TopologySelectorLabelRequirement]=1
        TopologySpreadConstraint
          labelSelector:meta.LabelSelector=4 matchLabelKeys:[str]=8 maxSkew!:int32=1 minDomains:int32=5 nodeAffinityPolicy:str=6
          nodeTaintsPolicy:str=7 topologyKey!:str=2 whenUnsatisfiable!:str=3
        Volume
          awsElasticBlockStore:AWSElasticBlockStoreVolumeSource=2.4 azureDisk:AzureDiskVolumeSource=2.22
          azureFile:AzureFileVolumeSource=2.18 cephfs:CephFSVolumeSource=2.14 cinder:CinderVolumeSource=2.13
          configMap:ConfigMapVolumeSource=2.19 csi:CSIVolumeSource=2.28 downwardAPI:DownwardAPIVolumeSource=2.16
          emptyDir:EmptyDirVolumeSource=2.2 ephemeral:EphemeralVolumeSource=2.29 fc:FCVolumeSource=2.17
          flexVolume:FlexVolumeSource=2.12 flocker:FlockerVolumeSource=2.15 gcePersistentDisk:GCEPersistentDiskVolumeSource=2.3
          gitRepo:GitRepoVolumeSource=2.5 glusterfs:GlusterfsVolumeSource=2.9 hostPath:HostPathVolumeSource=2.1
          image:ImageVolumeSource=2.30 iscsi:ISCSIVolumeSource=2.8 name!:str=1 nfs:NFSVolumeSource=2.7
          persistentVolumeClaim:PersistentVolumeClaimVolumeSource=2.10
          photonPersistentDisk:PhotonPersistentDiskVolumeSource=2.23 portworxVolume:PortworxVolumeSource=2.24
          projected:ProjectedVolumeSource=2.26 quobyte:QuobyteVolumeSource=2.21 rbd:RBDVolumeSource=2.11
          scaleIO:ScaleIOVolumeSource=2.25 secret:SecretVolumeSource=2.6 storageos:StorageOSVolumeSource=2.27
          vsphereVolume:VsphereVirtualDiskVolumeSource=2.20
        VolumeDevice
          devicePath!:str=2 name!:str=1
        VolumeMount
          mountPath!:str=3 mountPropagation:str=5 name!:str=1 readOnly:bool=2 recursiveReadOnly:str=7 subPath:str=4
          subPathExpr:str=6
        VolumeMountStatus
          mountPath!:str=2 name!:str=1 readOnly:bool=3 recursiveReadOnly:str=4 volumeStatus:VolumeStatus=5
        VolumeNodeAffinity
          required:NodeSelector=1
        VolumeProjection
          clusterTrustBundle:ClusterTrustBundleProjection=5 configMap:ConfigMapProjection=3 downwardAPI:DownwardAPIProjection=2
          podCertificate:PodCertificateProjection=6 secret:SecretProjection=1
          serviceAccountToken:ServiceAccountTokenProjection=4
        VolumeResourceRequirements
          limits:{quantity}=1 requests:{quantity}=2
        VolumeStatus
          image:ImageVolumeStatus=1
        VsphereVirtualDiskVolumeSource
          fsType:str=2 storagePolicyID:str=4 storagePolicyName:str=3 volumePath!:str=1
        """
}
