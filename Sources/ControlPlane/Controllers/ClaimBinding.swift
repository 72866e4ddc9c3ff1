import KubeAPI

/// How claims and volumes find and hold each other. Source: k8s `pkg/controller/volume/persistentvolume`.
enum ClaimBinding {
    static let selectedNode = "volume.kubernetes.io/selected-node"
    static let bindCompleted = "pv.kubernetes.io/bind-completed"
    static let boundByController = "pv.kubernetes.io/bound-by-controller"
    static let provisionedBy = "pv.kubernetes.io/provisioned-by"
    static let storageProvisioner = "volume.kubernetes.io/storage-provisioner"
    /// The provisioner of classes whose volumes are made by hand.
    static let noProvisioner = "kubernetes.io/no-provisioner"
    static let component = "persistentvolume-controller"

    /// A volume is for this claim when it names it, and either knows its uid or never knew one.
    static func isReserved(_ volume: JSONValue, for claim: JSONValue) -> Bool {
        guard let reference = volume.find("spec", "claimRef") else { return false }
        return reference.text("name") == claim.meta.name && reference.text("namespace") == claim.meta.namespace
            && ["", claim.meta.uid].contains(reference.text("uid"))
    }

    /// The volume made or kept for this claim, else the smallest free one that does; `node` is where it has to be reachable.
    static func bestVolume(for claim: JSONValue, among volumes: [JSONValue], on node: JSONValue?) -> JSONValue? {
        let fitting = volumes.filter { fits($0, claim) && isReachable($0, from: node) }
        if let reserved = fitting.first(where: { isReserved($0, for: claim) }) { return reserved }
        return fitting.filter { volume in
            volume.find("spec", "claimRef") == nil && volume.text("status", "phase") == "Available"
        }.min { left, right in
            let (a, b) = (left.quantity("spec", "capacity", "storage")?.value ?? 0, right.quantity("spec", "capacity", "storage")?.value ?? 0)
            return (a, left.meta.name) < (b, right.meta.name)
        }
    }

    private static func fits(_ volume: JSONValue, _ claim: JSONValue) -> Bool {
        guard !volume.meta.isDeleting, volume.text("spec", "storageClassName") == claim.text("spec", "storageClassName") else { return false }
        guard volume.text("spec", "volumeMode") == claim.text("spec", "volumeMode") else { return false }
        guard Set(claim.texts("spec", "accessModes")).isSubset(of: volume.texts("spec", "accessModes")) else { return false }
        let wanted = claim.quantity("spec", "resources", "requests", "storage")?.value ?? 0
        guard volume.quantity("spec", "capacity", "storage")?.value ?? 0 >= wanted else { return false }
        guard let selector = claim.find("spec", "selector") else { return true }
        return Selector(selector)?.matches(volume.meta.labels) ?? false
    }

    private static func isReachable(_ volume: JSONValue, from node: JSONValue?) -> Bool {
        guard let node, let required = volume.find("spec", "nodeAffinity", "required") else { return true }
        return NodeFit.matches(required, node)
    }

    /// Ties the two together: first the volume, where somebody else could take it, then the claim.
    static func bind(_ claim: JSONValue, to volume: JSONValue) -> [Operation] {
        var operations: [Operation] = []
        var reference = claim.reference
        reference["resourceVersion"] = .string(claim.meta.resourceVersion)
        let isTied = volume.text("spec", "claimRef", "uid") == claim.meta.uid
        if !isTied || volume.text("status", "phase") != "Bound" {
            var change: JSONValue = ["status": ["phase": "Bound", "reason": .null, "message": .null]]
            if !isTied { change["spec"] = ["claimRef": reference] }
            if volume.find("spec", "claimRef") == nil { change["metadata"] = ["annotations": [boundByController: "yes"]] }
            operations.append(
                .patch(volume.target, uid: volume.meta.uid, change, to: .binding, resourceVersion: volume.meta.resourceVersion))
        }
        var annotations: JSONValue = [bindCompleted: "yes"]
        var change: JSONValue = [
            "status": [
                "phase": "Bound", "accessModes": volume.find("spec", "accessModes") ?? [], "capacity": volume.find("spec", "capacity") ?? [:],
            ]
        ]
        if claim.text("spec", "volumeName").isEmpty {
            change["spec"] = ["volumeName": .string(volume.meta.name)]
            annotations[boundByController] = "yes"
        }
        change["metadata"] = ["annotations": annotations]
        let claimed = Operation.patch(claim.target, uid: claim.meta.uid, change, to: .binding)
        // A volume made for this claim cannot be taken by another: both are told at once.
        return isTied && !operations.isEmpty ? [.together([operations, [claimed]])] : operations + [claimed]
    }
}

extension JSONValue {
    /// Of a claim: it has its volume, for good.
    var isClaimBound: Bool { !text("spec", "volumeName").isEmpty && meta.annotations[ClaimBinding.bindCompleted] != nil }

    func withoutFinalizer(_ name: String) -> Operation {
        let others = meta.finalizers.filter { $0 != name }
        return .patch(
            target, uid: meta.uid, ["metadata": ["finalizers": others.isEmpty ? .null : others.json]], resourceVersion: meta.resourceVersion)
    }
}
