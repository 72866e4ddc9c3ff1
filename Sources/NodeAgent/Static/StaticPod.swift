package import FoundationEssentials
package import KubeAPI

/// Why a manifest does not become a pod.
package enum StaticPodError: ActionableError {
    case notAPod(file: String, cause: any Error)
    /// A node runs static pods alone, so they cannot wait for what only a control plane has.
    case needsControlPlane(file: String, resource: String)

    package var description: String {
        switch self {
        case .notAPod(let file, let cause): "\(file) is no pod: \(cause)"
        case .needsControlPlane(let file, let resource): "\(file): static pods may not reference \(resource)"
        }
    }

    package var remedy: String? {
        switch self {
        case .notAPod: "kubectl create --dry-run=server -f FILE tells what is wrong with it"
        case .needsControlPlane: "create the pod through the API, or give it its files by hostPath"
        }
    }
}

/// The annotations of static pods and of their mirrors. Source: kubelet `pkg/kubelet/types`.
package enum StaticAnnotation {
    /// The hash of the manifest, which is the pod's uid unless the manifest names one.
    package static let hash = "kubernetes.io/config.hash"
    package static let source = "kubernetes.io/config.source"
    package static let seen = "kubernetes.io/config.seen"
    /// On the mirror: the hash of the pod it shows.
    package static let mirror = "kubernetes.io/config.mirror"
}

extension Pod {
    package var isMirror: Bool { metadata.annotations[StaticAnnotation.mirror] != nil }

    /// The node's own pod of a manifest: the same file on the same node gives the same uid, any change of it another.
    /// Source: kubelet `pkg/kubelet/config/common.go`.
    ///
    /// - Parameters:
    ///   - manifest: defaulted and found valid.
    ///   - file: absolute path of the manifest.
    package init(manifest: Pod, file: String, nodeName: String, now: Date) throws(StaticPodError) {
        if let resource = manifest.controlPlaneReference { throw .needsControlPlane(file: file, resource: resource) }
        self = manifest
        if metadata.uid.isEmpty {
            do {
                var hash = FowlerNollVo()
                hash.update(try JSONValue(encoding: manifest).serialized(sortedKeys: true))
                hash.update(Array("host:\(nodeName)file:\(file)".utf8))
                metadata.uid = hash.text
            } catch {
                throw .notAPod(file: file, cause: error)
            }
        }
        metadata.name += "-\(nodeName.lowercased())"
        if metadata.namespace.isEmpty { metadata.namespace = "default" }
        metadata.annotations[StaticAnnotation.hash] = metadata.uid
        metadata.annotations[StaticAnnotation.source] = "file"
        metadata.annotations[StaticAnnotation.seen] = Timestamp(now).description
        spec.nodeName = nodeName
        // Trouble of the node does not drive away what runs the node.
        var toleration = Toleration()
        toleration.operator = "Exists"
        toleration.effect = "NoExecute"
        if !spec.tolerations.contains(toleration) { spec.tolerations.append(toleration) }
        status = PodStatus()
        status.phase = "Pending"
    }

    /// The first kind of object it names that only an API server has.
    private var controlPlaneReference: String? {
        if !spec.serviceAccountName.isEmpty { return "serviceaccounts" }
        switch referencedObjects.map(\.kind).first {
        case .secret?: return "secrets"
        case .configMap?: return "configmaps"
        case nil: break
        }
        for volume in spec.volumes {
            if volume.persistentVolumeClaim != nil || volume.ephemeral != nil { return "persistentvolumeclaims" }
            if volume.projected?.sources.contains(where: { $0.serviceAccountToken != nil }) ?? false { return "serviceaccounts" }
        }
        return nil
    }
}

/// The 128-bit hash FNV-1a. Source: RFC 9923.
struct FowlerNollVo {
    private var value: UInt128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d
    private static let prime: UInt128 = 0x0000_0000_0100_0000_0000_0000_0000_013b

    mutating func update(_ bytes: [UInt8]) {
        for byte in bytes { value = (value ^ UInt128(byte)) &* Self.prime }
    }

    /// 32 hexadecimal digits.
    var text: String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 32 - digits.count) + digits
    }
}
