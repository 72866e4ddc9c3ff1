import FoundationEssentials
import KubeAPI

extension JSONValue {
    var phase: String { text("status", "phase") }
    var isPodReady: Bool { condition("Ready")?.text("status") == "True" }
    var isRunningAndReady: Bool { phase == "Running" && isPodReady }
    /// Succeeded or Failed: its containers never run again.
    var isPodTerminal: Bool { phase == "Succeeded" || phase == "Failed" }

    /// Ready for at least `minReadySeconds`; otherwise how long until it will have been, nil when it is not ready.
    func podAvailability(minReadySeconds: Int, now: Date) -> (isAvailable: Bool, wait: Duration?) {
        guard isPodReady, let ready = condition("Ready") else { return (false, nil) }
        guard minReadySeconds > 0 else { return (true, nil) }
        guard let since = Timestamp(ready.text("lastTransitionTime")) else { return (false, nil) }
        let left = Double(minReadySeconds) - now.timeIntervalSince(since.date)
        return left <= 0 ? (true, nil) : (false, .milliseconds(Int(left * 1000) + 1))
    }

    /// Names of the claims a pod mounts, those of generic ephemeral volumes included.
    var podClaimNames: [String] {
        items("spec", "volumes").compactMap { volume in
            if let name = volume.find("persistentVolumeClaim", "claimName")?.string { return name }
            return volume.find("ephemeral") == nil ? nil : "\(meta.name)-\(volume.text("name"))"
        }
    }

    /// `"25%"` of `total`, or the number itself.
    func scaled(_ value: IntOrString?, of total: Int, default fallback: Int, roundingUp: Bool) -> Int {
        switch value {
        case nil: return fallback
        case .int(let number)?: return number
        case .string(let text)?:
            guard text.hasSuffix("%"), let percent = Int(text.dropLast()) else { return fallback }
            return roundingUp ? (total * percent + 99) / 100 : total * percent / 100
        }
    }
}

/// Adoption and release: a controller owns the pods that match its selector and have no other controller.
enum PodOwnership {
    /// The pods that belong to `owner`, and the operations that make it so.
    static func claim(
        _ pods: [JSONValue], for owner: JSONValue, mayAdopt: (JSONValue) -> Bool
    ) -> (owned: [JSONValue], operations: [Operation]) {
        let selector = Selector(owner.find("spec", "selector"))
        var owned: [JSONValue] = []
        var operations: [Operation] = []
        for pod in pods {
            let matches = selector?.matches(pod.meta.labels) ?? false
            if let controller = pod.meta.controller {
                guard controller.text("uid") == owner.meta.uid else { continue }
                if matches {
                    owned.append(pod)
                } else if !owner.meta.isDeleting, !pod.meta.isDeleting {
                    let others = pod.meta.owners.filter { $0.text("uid") != owner.meta.uid }
                    operations.append(ownersPatch(pod, others))
                }
            } else if matches, !owner.meta.isDeleting, !pod.meta.isDeleting, !pod.isPodTerminal, mayAdopt(pod) {
                operations.append(ownersPatch(pod, pod.meta.owners + [owner.controllerReference]))
                owned.append(pod)
            }
        }
        return (owned, operations)
    }

    static func ownersPatch(_ object: JSONValue, _ owners: [JSONValue]) -> Operation {
        .patch(
            object.target, uid: object.meta.uid, ["metadata": ["ownerReferences": owners.isEmpty ? .null : .array(owners)]],
            resourceVersion: object.meta.resourceVersion)
    }
}
