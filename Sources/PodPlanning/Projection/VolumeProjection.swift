package import KubeAPI

/// The files of a configMap, secret, downwardAPI or projected volume, sorted by path; nil for any other kind.
///
/// - Parameters:
///   - podIPs: for `status.podIP`; empty while the pod has no network.
///   - tokens: service account tokens by the path they are projected to, already obtained.
/// - Throws: kubelet's words for what is missing; they become the message of a FailedMount event.
/// - Note: directories are the atomic writer's business, which swaps the whole set at once.
package func projectedFiles(
    for volume: Volume, in pod: Pod, objects: ReferencedObjects, podIPs: [String] = [], tokens: [String: [UInt8]] = [:], on node: NodeFacts
) throws(PlanningError) -> [ProjectedFile]? {
    var payload = VolumePayload(pod: pod, objects: objects, downward: DownwardAPI(pod: pod, podIPs: podIPs, node: node), tokens: tokens)
    if let source = volume.configMap {
        try payload.addConfigMap(source.name, items: source.items, optional: source.optional, mode: source.defaultMode)
    } else if let source = volume.secret {
        try payload.addSecret(source.secretName, items: source.items, optional: source.optional, mode: source.defaultMode)
    } else if let source = volume.downwardAPI {
        try payload.addDownward(source.items, mode: source.defaultMode)
    } else if let source = volume.projected {
        for part in source.sources {
            if let part = part.configMap {
                try payload.addConfigMap(part.name, items: part.items, optional: part.optional, mode: source.defaultMode)
            } else if let part = part.secret {
                try payload.addSecret(part.name, items: part.items, optional: part.optional, mode: source.defaultMode)
            } else if let part = part.downwardAPI {
                try payload.addDownward(part.items, mode: source.defaultMode)
            } else if let part = part.serviceAccountToken {
                try payload.addToken(part, mode: source.defaultMode)
            }
        }
    } else {
        return nil
    }
    return payload.files.values.sorted { $0.path < $1.path }
}

/// Collects files by path; a later source of a projected volume replaces an earlier file of the same path.
private struct VolumePayload {
    let pod: Pod
    let objects: ReferencedObjects
    let downward: DownwardAPI
    let tokens: [String: [UInt8]]
    private(set) var files: [String: ProjectedFile] = [:]

    init(pod: Pod, objects: ReferencedObjects, downward: DownwardAPI, tokens: [String: [UInt8]]) {
        self.pod = pod
        self.objects = objects
        self.downward = downward
        self.tokens = tokens
    }

    mutating func addConfigMap(_ name: String, items: [KeyToPath], optional: Bool, mode: Int?) throws(PlanningError) {
        guard let configMap = objects.configMaps[name] else {
            if optional { return }
            throw .configMapNotFound(name)
        }
        var content = configMap.data.mapValues { Array($0.utf8) }
        for (key, value) in configMap.binaryData { content[key] = Array(value) }
        try add(content, items, optional, mode, kind: "ConfigMap")
    }

    mutating func addSecret(_ name: String, items: [KeyToPath], optional: Bool, mode: Int?) throws(PlanningError) {
        guard let secret = objects.secrets[name] else {
            if optional { return }
            throw .secretNotFound(name)
        }
        try add(secret.data.mapValues { Array($0) }, items, optional, mode, kind: "Secret")
    }

    mutating func addDownward(_ items: [DownwardAPIVolumeFile], mode: Int?) throws(PlanningError) {
        for item in items {
            let text: String
            if let field = item.fieldRef {
                text = try downward.field(field.fieldPath)
            } else if let resource = item.resourceFieldRef {
                text = try downward.resource(resource, of: nil)
            } else {
                continue
            }
            try add(item.path, Array(text.utf8), item.mode ?? mode)
        }
    }

    mutating func addToken(_ token: ServiceAccountTokenProjection, mode: Int?) throws(PlanningError) {
        guard let bytes = tokens[token.path] else { throw .tokenMissing(path: token.path) }
        // A token is for the one user that all containers run as, or for the pod's group. Source: kubelet, projected volumes.
        let owner = pod.commonUser
        let isPrivate = owner != nil || pod.spec.securityContext.fsGroup != nil
        try add(token.path, bytes, isPrivate ? 0o600 : mode, owner: owner)
    }

    private mutating func add(
        _ content: [String: [UInt8]], _ items: [KeyToPath], _ optional: Bool, _ mode: Int?, kind: String
    ) throws(PlanningError) {
        if items.isEmpty {
            for (key, bytes) in content { try add(key, bytes, mode) }
            return
        }
        for item in items {
            guard let bytes = content[item.key] else {
                if optional { continue }
                throw .volumeKeyNotFound(key: item.key, kind: kind)
            }
            try add(item.path, bytes, item.mode ?? mode)
        }
    }

    private mutating func add(_ path: String, _ content: [UInt8], _ mode: Int?, owner: UInt32? = nil) throws(PlanningError) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard !path.isEmpty, !path.hasPrefix("/"), !parts.contains(".."), !(parts.first ?? "").hasPrefix("..") else { throw .badPath(path) }
        let group = pod.spec.securityContext.fsGroup.flatMap(UInt32.init(exactly:))
        let own = UInt32(mode ?? 0o644) & 0o777
        files[path] = ProjectedFile(path: path, content: content, mode: group == nil ? own : own | 0o440, owner: owner, group: group)
    }
}

extension Pod {
    /// The user id that every container runs as by the spec; nil when one may differ, or none is named.
    fileprivate var commonUser: UInt32? {
        let users = Set(spec.allContainers.map { $0.securityContext.runAsUser ?? spec.securityContext.runAsUser })
        guard users.count == 1, let user = users.first, let user else { return nil }
        return UInt32(exactly: user)
    }
}
