package import KubeAPI

/// The rules every write goes through: defaults, then what depends on other objects, then validation.
package struct ObjectRules: Admission {
    let objects: any ObjectReader
    let addresses: ServiceAddresses

    /// - Parameter addresses: where Services get their `clusterIP` from.
    package init(objects: any ObjectReader, addresses: ServiceAddresses = .standard) {
        self.objects = objects
        self.addresses = addresses
    }

    package func admit(_ object: inout JSONValue, _ request: AdmissionRequest) throws(APIError) {
        switch request.operation {
        case .create: try admitCreation(&object, request)
        case .update: try admitUpdate(&object, request)
        case .delete: try admitDeletion(of: object, request)
        }
    }

    private func admitCreation(_ object: inout JSONValue, _ request: AdmissionRequest) throws(APIError) {
        guard request.resource.isStored, request.subresource.isEmpty else { return }
        try checkNamespace(of: object, request)
        try NodeRestriction.check(object, request)
        Defaults.apply(to: &object)
        switch object.kindName {
        case "Pod": try PodAdmission(objects: objects).complete(&object, request)
        case "Service": try allotAddress(&object, request)
        case "PersistentVolumeClaim":
            assignDefaultClass(&object)
            object.addFinalizer("kubernetes.io/pvc-protection")
        case "PersistentVolume":
            object.addFinalizer("kubernetes.io/pv-protection")
            object.set("status", "phase", to: "Pending")
        case "Namespace":
            object.set("spec", "finalizers", to: ["kubernetes"])
            object.set("status", "phase", to: "Active")
        case "StatefulSet": object["status"] = ["replicas": 0, "availableReplicas": 0]
        case "DaemonSet":
            object["status"] = ["currentNumberScheduled": 0, "numberMisscheduled": 0, "desiredNumberScheduled": 0, "numberReady": 0]
        default: break
        }
        let errors = Validation.create(object)
        if !errors.isEmpty { throw .invalid(request.resource, request.name, errors) }
    }

    private func admitUpdate(_ object: inout JSONValue, _ request: AdmissionRequest) throws(APIError) {
        guard let old = request.old else { return }
        try NodeRestriction.check(object, request)
        if ["", "scale", "ephemeralcontainers", "resize"].contains(request.subresource) {
            if object.kindName == "Service" { keepAddress(&object, old) }
            if request.subresource == "resize" { PodResize.keepAllElse(&object, old) }
            Defaults.apply(to: &object)
            switch object.kindName {
            case "Service": try allotAddress(&object, request)
            case "PersistentVolumeClaim": try checkExpansion(object, old, request)
            // Namespaces are finalized through their own subresource.
            case "Namespace": object["spec"] = old["spec"]
            default: break
            }
        }
        let errors = Validation.update(object, from: old, subresource: request.subresource)
        if !errors.isEmpty { throw .invalid(request.resource, request.name, errors) }
    }

    private static let permanentNamespaces: Set<String> = ["default", "kube-system", "kube-public", "kube-node-lease"]

    private func admitDeletion(of object: JSONValue, _ request: AdmissionRequest) throws(APIError) {
        if request.resource == ResourceCatalog.namespaces, Self.permanentNamespaces.contains(request.name) {
            throw .forbidden(request.resource, request.name, "this namespace may not be deleted")
        }
        try NodeRestriction.check(object, request)
    }

    private func checkNamespace(of object: JSONValue, _ request: AdmissionRequest) throws(APIError) {
        guard request.resource.isNamespaced else { return }
        guard let namespace = objects.one(ResourceCatalog.namespaces, name: request.namespace) else {
            throw .notFound(ResourceCatalog.namespaces, request.namespace)
        }
        guard namespace.meta.isDeleting else { return }
        throw .namespaceTerminating(request)
    }

    // MARK: claims

    /// A claim that names no class gets the default one, the newest when there are several.
    private func assignDefaultClass(_ claim: inout JSONValue) {
        guard claim.find("spec", "storageClassName") == nil,
            let name = StorageClasses.defaultClass(among: objects.all(ResourceCatalog.storageClasses))
        else { return }
        claim.set("spec", "storageClassName", to: .string(name))
    }

    private func checkExpansion(_ claim: JSONValue, _ old: JSONValue, _ request: AdmissionRequest) throws(APIError) {
        guard let after = claim.quantity("spec", "resources", "requests", "storage"),
            let before = old.quantity("spec", "resources", "requests", "storage"), after.value > before.value,
            old.text("status", "phase") == "Bound"
        else { return }
        let storage = objects.one(ResourceCatalog.storageClasses, name: old.text("spec", "storageClassName"))
        guard storage?.flag("allowVolumeExpansion") == true else {
            throw .forbidden(
                request.resource, request.name,
                "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize")
        }
    }

    // MARK: Services

    private func keepAddress(_ service: inout JSONValue, _ old: JSONValue) {
        guard service.text("spec", "clusterIP").isEmpty, service.text("spec", "type") != "ExternalName" else { return }
        for key in ["clusterIP", "clusterIPs"] { service.set("spec", key, to: old.find("spec", key)) }
    }

    private func allotAddress(_ service: inout JSONValue, _ request: AdmissionRequest) throws(APIError) {
        let others = objects.all(ResourceCatalog.services).filter { $0.meta.uid != service.meta.uid }
        do throws(FieldError) {
            try addresses.allot(to: &service, others: others)
        } catch {
            throw .invalid(request.resource, request.name, [error])
        }
    }
}

extension APIError {
    private static let terminating = "NamespaceTerminating"

    fileprivate static func namespaceTerminating(_ request: AdmissionRequest) -> APIError {
        let namespace = request.namespace
        var error = APIError.forbidden(
            request.resource, request.name, "unable to create new content in namespace \(namespace) because it is being terminated")
        error.status.details?.causes = [
            StatusCause(reason: terminating, message: "namespace \(namespace) is being terminated", field: "metadata.namespace")
        ]
        return error
    }

    var isNamespaceTerminating: Bool { status.details?.causes.contains { $0.reason == Self.terminating } ?? false }
}

extension JSONValue {
    mutating func addFinalizer(_ name: String) {
        let finalizers = meta.finalizers
        if !finalizers.contains(name) { set("metadata", "finalizers", to: (finalizers + [name]).json) }
    }
}

/// Which StorageClass a claim without one gets.
enum StorageClasses {
    static let defaultAnnotation = "storageclass.kubernetes.io/is-default-class"

    static func defaultClass(among classes: [JSONValue]) -> String? {
        classes.filter { $0.meta.annotations[defaultAnnotation] == "true" }
            .max { ($0.meta.json.text("creationTimestamp"), $1.meta.name) < ($1.meta.json.text("creationTimestamp"), $0.meta.name) }?
            .meta.name
    }
}
