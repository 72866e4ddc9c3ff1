import KubeAPI

/// Decides the endpoints of one Service. Source: k8s `staging/src/k8s.io/endpointslice`.
enum EndpointPlan {
    static let serviceName = "kubernetes.io/service-name"
    static let managedBy = "endpointslice.kubernetes.io/managed-by"
    static let manager = "endpointslice-controller.k8s.io"

    static func plan(service: JSONValue?, pods: [JSONValue], slices: [JSONValue], endpoints: JSONValue?) -> Plan {
        guard let service, !service.meta.isDeleting else {
            let mine = endpoints.map { $0.meta.labels[managedBy] == manager ? [$0] : [] } ?? []
            return Plan(operations: (slices + mine).map { .delete($0.target, uid: $0.meta.uid) })
        }
        let selector = service.textMap("spec", "selector")
        guard !selector.isEmpty, service.text("spec", "type") != "ExternalName" else { return Plan() }
        let rules = Selector(labels: selector)
        let members = pods.filter { pod in
            rules.matches(pod.meta.labels) && !pod.isPodTerminal && !pod.text("status", "podIP").isEmpty
        }
        // Pods that resolve a named port differently stand in slices of their own.
        var groups: [[JSONValue]: [JSONValue]] = [:]
        for pod in members { groups[ports(of: service, on: pod), default: []].append(pod) }
        if groups.isEmpty { groups[[]] = [] }
        let ordered = groups.sorted { JSONValue.array($0.key).description < JSONValue.array($1.key).description }
        let wanted = ordered.enumerated().map { slice(of: service, $0.offset, ports: $0.element.key, pods: $0.element.value) }
        var plan = Plan()
        let existing = Dictionary(slices.map { ($0.meta.name, $0) }) { $1 }
        for slice in wanted {
            replace(existing[slice.meta.name], by: slice, fields: ["addressType", "endpoints", "ports"], &plan)
        }
        let names = Set(wanted.map(\.meta.name))
        for slice in slices where !names.contains(slice.meta.name) { plan.operations.append(.delete(slice.target, uid: slice.meta.uid)) }
        let legacy = self.endpoints(of: service, groups: ordered.map { ($0.key, $0.value) })
        replace(endpoints, by: legacy, fields: ["subsets"], &plan)
        return plan
    }

    private static func replace(_ old: JSONValue?, by new: JSONValue, fields: [String], _ plan: inout Plan) {
        guard let old else {
            plan.operations.append(.create(new))
            return
        }
        var updated = old
        for field in fields { updated[field] = new[field] }
        updated.set("metadata", "labels", to: new.find("metadata", "labels"))
        if let change = mergePatch(from: old, to: updated) { plan.operations.append(.patch(old.target, uid: old.meta.uid, change)) }
    }

    // MARK: slices

    private static func labels(_ service: JSONValue) -> [String: String] {
        var labels = service.meta.labels
        labels[managedBy] = manager
        if service.text("spec", "clusterIP") == "None" { labels["service.kubernetes.io/headless"] = "" }
        return labels
    }

    private static func slice(of service: JSONValue, _ index: Int, ports: [JSONValue], pods: [JSONValue]) -> JSONValue {
        let hash = RevisionHistory.hash([.string(service.meta.uid), .int(index)], collisions: 0)
        var slice: JSONValue = [
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
            "metadata": [
                "name": .string("\(service.meta.name)-\(hash.prefix(5))"), "namespace": .string(service.meta.namespace),
                "labels": labels(service).merging([serviceName: service.meta.name]) { $1 }.json,
                "ownerReferences": [service.controllerReference],
            ],
            "addressType": "IPv4", "endpoints": .array(pods.map { endpoint(for: $0, of: service) }), "ports": .array(ports),
        ]
        if let address = pods.first?.text("status", "podIP"), IPAddress.isV6(address) { slice["addressType"] = "IPv6" }
        return slice
    }

    private static func endpoint(for pod: JSONValue, of service: JSONValue) -> JSONValue {
        let isTerminating = pod.meta.isDeleting
        let isServing = pod.isPodReady
        let isReady = service.flag("spec", "publishNotReadyAddresses") || isServing && !isTerminating
        var endpoint: JSONValue = [
            "addresses": [.string(pod.text("status", "podIP"))],
            "conditions": ["ready": .bool(isReady), "serving": .bool(isServing), "terminating": .bool(isTerminating)],
            "targetRef": podReference(pod), "nodeName": .string(pod.text("spec", "nodeName")),
        ]
        if let hostname = hostname(of: pod, in: service) { endpoint["hostname"] = .string(hostname) }
        return endpoint
    }

    /// The name a pod has below its Service's name, when it asked for one there.
    private static func hostname(of pod: JSONValue, in service: JSONValue) -> String? {
        let hostname = pod.text("spec", "hostname")
        return !hostname.isEmpty && pod.text("spec", "subdomain") == service.meta.name ? hostname : nil
    }

    private static func podReference(_ pod: JSONValue) -> JSONValue {
        ["kind": "Pod", "namespace": .string(pod.meta.namespace), "name": .string(pod.meta.name), "uid": .string(pod.meta.uid)]
    }

    /// The Service's ports as the pod has them; a name the pod does not know leaves its port out.
    private static func ports(of service: JSONValue, on pod: JSONValue) -> [JSONValue] {
        service.items("spec", "ports").compactMap { port in
            let number: Int?
            switch port.intOrString("targetPort") {
            case .int(let value)?: number = value
            case .string(let name)?: number = containerPort(name, port.text("protocol"), on: pod)
            case nil: number = port.number("port")
            }
            guard let number else { return nil }
            var result: JSONValue = [
                "name": .string(port.text("name")), "protocol": .string(port.text("protocol")), "port": .int(number),
            ]
            if let application = port.find("appProtocol") { result["appProtocol"] = application }
            return result
        }
    }

    private static func containerPort(_ name: String, _ transport: String, on pod: JSONValue) -> Int? {
        let sidecars = pod.items("spec", "initContainers").filter { $0.text("restartPolicy") == "Always" }
        for container in pod.items("spec", "containers") + sidecars {
            for port in container.items("ports") where port.text("name") == name && port.text("protocol") == transport {
                return port.number("containerPort")
            }
        }
        return nil
    }

    // MARK: Endpoints

    private static func endpoints(of service: JSONValue, groups: [([JSONValue], [JSONValue])]) -> JSONValue {
        let subsets = groups.compactMap { ports, pods -> JSONValue? in
            guard !pods.isEmpty else { return nil }
            var addresses: [String: [JSONValue]] = [:]
            for pod in pods {
                let isReady = service.flag("spec", "publishNotReadyAddresses") || pod.isPodReady && !pod.meta.isDeleting
                var address: JSONValue = [
                    "ip": .string(pod.text("status", "podIP")), "nodeName": .string(pod.text("spec", "nodeName")), "targetRef": podReference(pod),
                ]
                if let hostname = hostname(of: pod, in: service) { address["hostname"] = .string(hostname) }
                addresses[isReady ? "addresses" : "notReadyAddresses", default: []].append(address)
            }
            var subset = JSONValue.object(addresses.mapValues(JSONValue.array))
            if !ports.isEmpty { subset["ports"] = .array(ports) }
            return subset
        }
        var endpoints: JSONValue = [
            "apiVersion": "v1", "kind": "Endpoints",
            "metadata": [
                "name": .string(service.meta.name), "namespace": .string(service.meta.namespace), "labels": labels(service).json,
                "ownerReferences": [service.controllerReference],
            ],
        ]
        if !subsets.isEmpty { endpoints["subsets"] = .array(subsets) }
        return endpoints
    }
}
