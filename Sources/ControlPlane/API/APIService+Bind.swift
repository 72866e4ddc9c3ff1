import KubeAPI

extension APIService {
    /// Places a pod on a node, once. Source: kubernetes pod registry `assignPod`.
    package func bind(namespace: String, pod: String, to node: String, _ options: WriteOptions = WriteOptions()) async throws(APIError) {
        let pods = ResourceCatalog.pods
        let time = timestamp()
        _ = try await modify(pods, namespace: namespace, name: pod, subresource: "binding", options) { (old) throws(APIError) in
            if old.at("metadata", "deletionTimestamp")?.string != nil {
                throw .conflict(pods, pod, "pod \(pod) is being deleted, cannot be assigned to a host")
            }
            if let current = old.at("spec", "nodeName")?.string, !current.isEmpty {
                throw .conflict(pods, pod, "pod \(pod) is already assigned to node \"\(current)\"")
            }
            var new = old
            new["spec"]?["nodeName"] = .string(node)
            var conditions = (old.at("status", "conditions")?.array ?? []).filter { $0["type"]?.string != "PodScheduled" }
            conditions.append(["type": "PodScheduled", "status": "True", "lastProbeTime": .null, "lastTransitionTime": time])
            if new["status"] == nil { new["status"] = [:] }
            new["status"]?["conditions"] = .array(conditions)
            return new
        }
    }
}
