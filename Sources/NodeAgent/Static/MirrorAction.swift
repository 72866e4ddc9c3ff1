package import KubeAPI

/// One step towards an API server that shows the static pods of this node as they are.
package enum MirrorAction: Hashable, Sendable {
    case create(Pod)
    case delete(PodReference)
}

/// - Parameters:
///   - wanted: the static pods of this node.
///   - present: the mirror pods of this node at the API server, keyed `namespace/name`.
///   - node: this node's own object, which owns the mirrors.
package func mirrorActions(wanted: [Pod], present: [String: Pod], node: ObjectMeta) -> [MirrorAction] {
    var actions: [MirrorAction] = []
    let names = Set(wanted.map(\.fullName))
    for mirror in present.values.sorted(by: { $0.fullName < $1.fullName }) where !names.contains(mirror.fullName) {
        actions.append(.delete(PodReference(mirror)))
    }
    for pod in wanted.sorted(by: { $0.fullName < $1.fullName }) {
        guard let mirror = present[pod.fullName] else {
            actions.append(.create(pod.mirror(ownedBy: node)))
            continue
        }
        let isOwned = mirror.metadata.ownerReferences.contains { $0.kind == Node.kind && $0.uid == node.uid }
        let isTrue = mirror.metadata.annotations[StaticAnnotation.mirror] == pod.metadata.annotations[StaticAnnotation.hash]
        if mirror.metadata.deletionTimestamp != nil || !isTrue || !isOwned { actions.append(.delete(PodReference(mirror))) }
    }
    return actions
}

extension Pod {
    /// `namespace/name`.
    var fullName: String { "\(metadata.namespace)/\(metadata.name)" }

    /// What the API server is to show of a static pod.
    fileprivate func mirror(ownedBy node: ObjectMeta) -> Pod {
        var mirror = self
        mirror.metadata.uid = ""
        mirror.metadata.resourceVersion = ""
        mirror.metadata.deletionTimestamp = nil
        mirror.metadata.annotations[StaticAnnotation.mirror] = metadata.annotations[StaticAnnotation.hash]
        mirror.metadata.ownerReferences = [
            OwnerReference(apiVersion: Node.apiVersion, kind: Node.kind, name: node.name, uid: node.uid, controller: true)
        ]
        mirror.status = PodStatus()
        return mirror
    }
}
