package import KubeAPI

/// A field of a pod that asks for what this node does not do. It is refused by name: ignored, the pod would run as it was
/// not meant to. The standalone API server refuses it when the pod is created, a joined node fails the pod.
package struct UnsupportedField: Hashable, Sendable {
    /// Below `spec`: `volumes[0].nfs`.
    package let path: String
    /// What is missing, and what to do instead.
    package let detail: String
}

extension PodSpec {
    /// In the order of the manifest; empty for a pod that can be honoured as a whole.
    package var unsupportedFields: [UnsupportedField] {
        var found: [UnsupportedField] = []
        func refuse(_ path: String, _ detail: String) { found.append(UnsupportedField(path: path, detail: detail)) }
        for (index, volume) in volumes.enumerated() {
            if let (source, detail) = volume.unsupportedSource { refuse("volumes[\(index)].\(source)", detail) }
        }
        let windows = "this node runs Linux containers; remove windowsOptions"
        if securityContext.windowsOptions != nil { refuse("securityContext.windowsOptions", windows) }
        if !resourceClaims.isEmpty { refuse("resourceClaims", "this node has no dynamic resource allocation; remove resourceClaims") }
        if resources?.claims.isEmpty == false { refuse("resources.claims", "this node has no dynamic resource allocation; remove the claims") }
        for (list, members) in [("initContainers", initContainers), ("containers", containers), ("ephemeralContainers", ephemeralContainers)] {
            for (index, container) in members.enumerated() {
                let path = "\(list)[\(index)]"
                if container.securityContext.windowsOptions != nil { refuse("\(path).securityContext.windowsOptions", windows) }
                if !container.volumeDevices.isEmpty {
                    refuse("\(path).volumeDevices", "this node does not give raw devices of volumes to containers; use volumeMode Filesystem and volumeMounts")
                }
                if !container.resources.claims.isEmpty {
                    refuse("\(path).resources.claims", "this node has no dynamic resource allocation; remove the claims")
                }
            }
        }
        return found
    }
}

extension Volume {
    /// The name of a source that this node cannot mount, which may lie deeper, and what to use in its place.
    fileprivate var unsupportedSource: (name: String, detail: String)? {
        let other = "use a persistentVolumeClaim, or mount it on the node and use hostPath"
        if let otherSource { return (otherSource, "this node does not mount volumes of this kind; \(other)") }
        if nfs != nil { return ("nfs", "this node does not mount NFS; \(other)") }
        if csi != nil { return ("csi", "this node has no CSI drivers; use ephemeral or a persistentVolumeClaim") }
        if let medium = emptyDir?.medium, !["", "Memory"].contains(medium), !HugePages.isMedium(medium) {
            return ("emptyDir.medium", "this node does not mount \(medium); use Memory, or the disk by leaving medium out")
        }
        for (index, source) in (projected?.sources ?? []).enumerated() {
            let path = "projected.sources[\(index)]"
            if source.clusterTrustBundle != nil {
                return ("\(path).clusterTrustBundle", "this node does not read ClusterTrustBundles; put the certificates into a ConfigMap")
            }
            if source.podCertificate != nil {
                return ("\(path).podCertificate", "this node does not request certificates for pods; put key and certificate into a Secret")
            }
        }
        return nil
    }
}
