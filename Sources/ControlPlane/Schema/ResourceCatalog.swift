package import KubeAPI

/// Every resource that the embedded API serves.
package enum ResourceCatalog {
    package static let namespaces = Resource(
        "", "v1", "Namespace", "namespaces", short: ["ns"], namespaced: false, subresources: ["finalize", "status"], fields: ["status.phase"])
    package static let nodes = Resource(
        "", "v1", "Node", "nodes", short: ["no"], namespaced: false, subresources: ["proxy", "status"], fields: ["spec.unschedulable"])
    package static let pods = Resource(
        "", "v1", "Pod", "pods", short: ["po"], categories: ["all"],
        subresources: ["attach", "binding", "ephemeralcontainers", "eviction", "exec", "log", "portforward", "proxy", "resize", "status"],
        generation: true,
        fields: [
            "spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork", "status.phase",
            "status.podIP", "status.nominatedNodeName",
        ])
    package static let services = Resource(
        "", "v1", "Service", "services", short: ["svc"], categories: ["all"], subresources: ["status"], fields: ["spec.clusterIP", "spec.type"])
    package static let endpoints = Resource("", "v1", "Endpoints", "endpoints", short: ["ep"], managers: false)
    package static let configMaps = Resource("", "v1", "ConfigMap", "configmaps", short: ["cm"])
    package static let secrets = Resource("", "v1", "Secret", "secrets", fields: ["type"])
    package static let serviceAccounts = Resource("", "v1", "ServiceAccount", "serviceaccounts", short: ["sa"], subresources: ["token"])
    package static let persistentVolumes = Resource(
        "", "v1", "PersistentVolume", "persistentvolumes", short: ["pv"], namespaced: false, subresources: ["status"])
    package static let persistentVolumeClaims = Resource(
        "", "v1", "PersistentVolumeClaim", "persistentvolumeclaims", short: ["pvc"], subresources: ["status"])
    package static let events = Resource(
        "", "v1", "Event", "events", short: ["ev"], managers: false,
        fields: [
            "involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid", "involvedObject.apiVersion",
            "involvedObject.resourceVersion", "involvedObject.fieldPath", "reason", "reportingComponent", "source", "type",
        ])
    package static let newEvents = Resource(
        "events.k8s.io", "v1", "Event", "events", short: ["ev"], managers: false,
        fields: [
            "regarding.kind", "regarding.namespace", "regarding.name", "regarding.uid", "regarding.apiVersion", "regarding.resourceVersion",
            "regarding.fieldPath", "reason", "reportingController", "type",
        ])
    package static let statefulSets = Resource(
        "apps", "v1", "StatefulSet", "statefulsets", short: ["sts"], categories: ["all"], subresources: ["scale", "status"], generation: true)
    package static let daemonSets = Resource(
        "apps", "v1", "DaemonSet", "daemonsets", short: ["ds"], categories: ["all"], subresources: ["status"], generation: true)
    package static let controllerRevisions = Resource("apps", "v1", "ControllerRevision", "controllerrevisions", managers: false)
    package static let storageClasses = Resource("storage.k8s.io", "v1", "StorageClass", "storageclasses", short: ["sc"], namespaced: false)
    package static let endpointSlices = Resource("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices", managers: false)
    package static let leases = Resource("coordination.k8s.io", "v1", "Lease", "leases", managers: false)
    package static let runtimeClasses = Resource("node.k8s.io", "v1", "RuntimeClass", "runtimeclasses", namespaced: false)
    package static let tokenReviews = Resource(
        "authentication.k8s.io", "v1", "TokenReview", "tokenreviews", namespaced: false, verbs: ["create"])
    package static let selfSubjectReviews = Resource(
        "authentication.k8s.io", "v1", "SelfSubjectReview", "selfsubjectreviews", namespaced: false, verbs: ["create"])
    package static let subjectAccessReviews = Resource(
        "authorization.k8s.io", "v1", "SubjectAccessReview", "subjectaccessreviews", namespaced: false, verbs: ["create"])
    package static let selfSubjectAccessReviews = Resource(
        "authorization.k8s.io", "v1", "SelfSubjectAccessReview", "selfsubjectaccessreviews", namespaced: false, verbs: ["create"])

    /// Group order is the order of discovery.
    package static let all: [Resource] = [
        configMaps, endpoints, events, namespaces, nodes, persistentVolumeClaims, persistentVolumes, pods, secrets, serviceAccounts, services,
        controllerRevisions, daemonSets, statefulSets, newEvents, tokenReviews, selfSubjectReviews, subjectAccessReviews,
        selfSubjectAccessReviews, storageClasses, leases, endpointSlices, runtimeClasses,
    ]

    private static let byPath = Dictionary(uniqueKeysWithValues: all.map { ("\($0.apiVersion)/\($0.plural)", $0) })
    private static let byKind = Dictionary(uniqueKeysWithValues: all.map { ("\($0.apiVersion)/\($0.kind)", $0) })

    /// `apiVersion` is `v1` or `<group>/<version>`.
    package static func resource(_ apiVersion: String, plural: String) -> Resource? { byPath["\(apiVersion)/\(plural)"] }
    package static func resource(_ apiVersion: String, kind: String) -> Resource? { byKind["\(apiVersion)/\(kind)"] }

    /// The resource of a typed value.
    ///
    /// - Precondition: the catalogue has it; a test walks through the types of `KubeAPI`.
    package static func resource<T: KubeObject>(of type: T.Type) -> Resource {
        guard let resource = resource(T.apiVersion, plural: T.resource) else {
            preconditionFailure("\(T.apiVersion) \(T.resource) is missing in the catalogue")
        }
        return resource
    }
}
