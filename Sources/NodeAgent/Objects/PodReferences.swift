package import KubeAPI

/// A ConfigMap or Secret that a pod names.
package struct ObjectKey: Hashable, Sendable {
    package enum Kind: Hashable, Sendable { case configMap, secret }
    package var kind: Kind
    package var namespace: String
    package var name: String

    package init(_ kind: Kind, namespace: String, name: String) {
        self.kind = kind
        self.namespace = namespace
        self.name = name
    }
}

extension Pod {
    /// Every ConfigMap and Secret its containers, volumes and image pulls name, optional ones too.
    package var referencedObjects: Set<ObjectKey> {
        var configMaps: Set<String> = []
        var secrets: Set<String> = Set(spec.imagePullSecrets.map(\.name))
        for container in spec.initContainers + spec.containers + spec.ephemeralContainers {
            for source in container.envFrom {
                if let reference = source.configMapRef { configMaps.insert(reference.name) }
                if let reference = source.secretRef { secrets.insert(reference.name) }
            }
            for source in container.env.compactMap(\.valueFrom) {
                if let reference = source.configMapKeyRef { configMaps.insert(reference.name) }
                if let reference = source.secretKeyRef { secrets.insert(reference.name) }
            }
        }
        for volume in spec.volumes {
            if let source = volume.configMap { configMaps.insert(source.name) }
            if let source = volume.secret { secrets.insert(source.secretName) }
            for source in volume.projected?.sources ?? [] {
                if let reference = source.configMap { configMaps.insert(reference.name) }
                if let reference = source.secret { secrets.insert(reference.name) }
            }
        }
        let namespace = metadata.namespace
        return Set(configMaps.filter { !$0.isEmpty }.map { ObjectKey(.configMap, namespace: namespace, name: $0) })
            .union(secrets.filter { !$0.isEmpty }.map { ObjectKey(.secret, namespace: namespace, name: $0) })
    }
}
