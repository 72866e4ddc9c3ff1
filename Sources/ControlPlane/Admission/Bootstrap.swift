import KubeAPI

/// The objects every cluster begins with. They are made once; what a user deletes or changes later stays so, but for the
/// namespaces and the `kubernetes` Service, without which nothing works.
package enum Bootstrap {
    /// Creates what is missing. Safe to repeat at every start.
    ///
    /// - Parameters:
    ///   - addresses: the range of Service addresses; its first is the `kubernetes` Service's.
    ///   - endpoint: where the API server listens, as pods reach it.
    package static func prepare(
        _ api: APIService, addresses: ServiceAddresses = .standard, endpoint: (address: String, port: Int)
    ) async throws(APIError) {
        let isFirstStart = api.store.one(ResourceCatalog.namespaces, name: "default") == nil
        for name in ["default", "kube-system", "kube-public", "kube-node-lease"] {
            try await create(["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": .string(name)]], api)
        }
        try await create(service(addresses.first, port: endpoint.port), api)
        if isFirstStart { try await create(storageClass, api) }
        try await publish(slice(endpoint), api)
    }

    private static func create(_ object: JSONValue, _ api: APIService) async throws(APIError) {
        let target = object.target
        guard api.store.one(target) == nil else { return }
        do throws(APIError) {
            _ = try await api.create(target.resource, namespace: target.namespace, object)
        } catch {
            guard error.isAlreadyExists else { throw error }
        }
    }

    /// The address may have changed since the last start.
    private static func publish(_ slice: JSONValue, _ api: APIService) async throws(APIError) {
        let target = slice.target
        guard let old = api.store.one(target) else { return try await create(slice, api) }
        guard old["endpoints"] != slice["endpoints"] || old["ports"] != slice["ports"] else { return }
        _ = try await api.modify(target.resource, namespace: target.namespace, name: target.name) { (old: JSONValue) throws(APIError) in
            var new = old
            for field in ["endpoints", "ports"] { new[field] = slice[field] }
            return new
        }
    }

    private static let labels: JSONValue = ["component": "apiserver", "provider": "kubernetes"]

    private static func service(_ address: String, port: Int) -> JSONValue {
        [
            "apiVersion": "v1", "kind": "Service", "metadata": ["name": "kubernetes", "namespace": "default", "labels": labels],
            "spec": [
                "clusterIP": .string(address), "ports": [["name": "https", "port": 443, "protocol": "TCP", "targetPort": .int(port)]],
            ],
        ]
    }

    private static func slice(_ endpoint: (address: String, port: Int)) -> JSONValue {
        [
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
            "metadata": ["name": "kubernetes", "namespace": "default", "labels": [EndpointPlan.serviceName: "kubernetes"]],
            "addressType": .string(IPAddress.isV6(endpoint.address) ? "IPv6" : "IPv4"),
            "endpoints": [["addresses": [.string(endpoint.address)], "conditions": ["ready": true]]],
            "ports": [["name": "https", "port": .int(endpoint.port), "protocol": "TCP"]],
        ]
    }

    /// The class of Berth's own provisioner: volumes are made on the node that first uses them, and can grow.
    static let storageClass: JSONValue = [
        "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass",
        "metadata": ["name": "berth-local", "annotations": [StorageClasses.defaultAnnotation: "true"]], "provisioner": "berth.io/local",
        "reclaimPolicy": "Delete", "volumeBindingMode": "WaitForFirstConsumer", "allowVolumeExpansion": true,
    ]
}
