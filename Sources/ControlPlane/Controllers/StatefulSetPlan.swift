import FoundationEssentials
import KubeAPI

/// What a StatefulSet's next steps are decided from: everything in its namespace that may concern it.
struct StatefulSetState {
    var set: JSONValue
    var pods: [JSONValue]
    /// By name.
    var claims: [String: JSONValue]
    var revisions: [JSONValue]
    var now: Date
}

/// Decides a StatefulSet's next steps. Source: k8s `pkg/controller/statefulset/stateful_set_control.go`.
struct StatefulSetPlanner {
    private let set: JSONValue
    private let now: Date
    private let claims: [String: JSONValue]
    private let history: RevisionHistory
    private let current: JSONValue
    private let start: Int
    private let replicas: Int
    private let minReadySeconds: Int
    private let isOrdered: Bool
    private let partition: Int
    private let isRolling: Bool
    private let policy: (whenDeleted: Bool, whenScaled: Bool)
    /// By ordinal.
    private var members: [Int: JSONValue] = [:]
    private var plan = Plan()
    /// What concerns one member each, so that a parallel set does it for all of them at once.
    private var strands: [[Operation]] = []

    static func plan(_ state: StatefulSetState) -> Plan {
        guard !state.set.meta.isDeleting else { return Plan() }
        var planner = StatefulSetPlanner(state)
        planner.decide()
        return planner.plan
    }

    private init(_ state: StatefulSetState) {
        set = state.set
        now = state.now
        claims = state.claims
        history = RevisionHistory(of: set, among: state.revisions)
        let currentName = set.text("status", "currentRevision")
        current = history.named(currentName)
        start = set.number("spec", "ordinals", "start") ?? 0
        replicas = set.number("spec", "replicas") ?? 1
        minReadySeconds = set.number("spec", "minReadySeconds") ?? 0
        isOrdered = set.text("spec", "podManagementPolicy") != "Parallel"
        isRolling = set.text("spec", "updateStrategy", "type") != "OnDelete"
        partition = set.number("spec", "updateStrategy", "rollingUpdate", "partition") ?? 0
        policy = (
            set.text("spec", "persistentVolumeClaimRetentionPolicy", "whenDeleted") == "Delete",
            set.text("spec", "persistentVolumeClaimRetentionPolicy", "whenScaled") == "Delete"
        )
        let name = set.meta.name
        let ownership = PodOwnership.claim(state.pods, for: set) { StatefulSetPod.ordinal(of: $0.meta.name, in: name) != nil }
        plan.operations = history.operations + ownership.operations
        for pod in ownership.owned {
            if let ordinal = StatefulSetPod.ordinal(of: pod.meta.name, in: name) { members[ordinal] = pod }
        }
    }

    private var wanted: Range<Int> { start..<(start + replicas) }

    private mutating func decide() {
        retainClaims()
        if createAndHeal(), scaleDown() { update() }
        if !strands.isEmpty { plan.operations.append(.together(strands)) }
        setStatus()
        let live = Set(members.values.map(\.podRevision)).union([current.meta.name, history.update.meta.name])
        plan.operations += history.truncation(live: live)
    }

    // MARK: steps; each answers whether the next may follow

    /// Pods that are missing or over are made, lowest ordinal first; an ordered set waits for each to be ready.
    private mutating func createAndHeal() -> Bool {
        for ordinal in wanted {
            guard let pod = members[ordinal] else {
                guard create(ordinal) else { return false }
                if isOrdered { return false }
                continue
            }
            if pod.isPodTerminal {
                guard !pod.meta.isDeleting else {
                    if isOrdered { return false }
                    continue
                }
                let word = pod.phase == "Failed" ? "Failed" : "Terminated"
                tell(.warning, "Recreating\(word)Pod", "StatefulSet \(set.meta.namespace)/\(set.meta.name) is recreating \(word.lowercased()) Pod \(pod.meta.name)")
                delete(pod)
                if isOrdered { return false }
                continue
            }
            if !pod.meta.isDeleting { repairIdentity(pod, ordinal) }
            guard isOrdered else { continue }
            guard !pod.meta.isDeleting, isHealthy(pod) else { return false }
        }
        return true
    }

    /// Pods beyond the wanted ordinals go, highest first, one at a time when ordered.
    private mutating func scaleDown() -> Bool {
        let condemned = members.keys.filter { !wanted.contains($0) }.sorted(by: >)
        guard !condemned.isEmpty else { return true }
        let firstUnhealthy = members.keys.sorted().first { members[$0].map { !isHealthy($0) || $0.meta.isDeleting } ?? false }
        for ordinal in condemned {
            guard let pod = members[ordinal] else { continue }
            if pod.meta.isDeleting {
                if isOrdered { return false }
                continue
            }
            if isOrdered, !pod.isRunningAndReady, let firstUnhealthy, firstUnhealthy != ordinal { return false }
            delete(pod)
            if isOrdered { return false }
        }
        return true
    }

    /// Pods of an older revision are deleted from the highest ordinal down to the partition, and come back renewed.
    private mutating func update() {
        guard isRolling else { return }
        let most = max(1, set.scaled(
            set.intOrString("spec", "updateStrategy", "rollingUpdate", "maxUnavailable"), of: replicas, default: 1, roundingUp: false))
        var unavailable = wanted.count { ordinal in members[ordinal].map { $0.meta.isDeleting || !isHealthy($0) } ?? true }
        for ordinal in wanted.reversed() where ordinal >= start + partition {
            guard let pod = members[ordinal] else { continue }
            guard pod.podRevision != history.update.meta.name else {
                // An updated pod must come up before the next goes.
                if most == 1, pod.meta.isDeleting || !isHealthy(pod) { return }
                continue
            }
            guard !pod.meta.isDeleting else {
                if most == 1 { return }
                continue
            }
            let wasHealthy = isHealthy(pod)
            if wasHealthy, unavailable >= most { return }
            delete(pod)
            if wasHealthy { unavailable += 1 }
            if most == 1 { return }
        }
    }

    // MARK: deeds

    private mutating func create(_ ordinal: Int) -> Bool {
        // Below the partition, a lost pod comes back as it was.
        let revision = isRolling && ordinal < start + partition ? current : history.update
        let source = history.owner(at: revision)
        let pod = StatefulSetPod.pod(ordinal, of: source, revision: revision.meta.name)
        let name = pod.meta.name
        var operations: [Operation] = []
        for claim in StatefulSetPod.claims(ordinal, of: set) {
            if let existing = claims[claim.meta.name] {
                // It goes with an earlier pod of this name: wait until it is gone, lest the new pod lose its data.
                if existing.meta.isDeleting || existing.meta.owners.contains(where: { $0.text("kind") == "Pod" }) { return false }
                continue
            }
            let subject = "Claim \(claim.meta.name) Pod \(name) in StatefulSet \(set.meta.name)"
            operations.append(.create(claim, announcing: announcement("Create", "create \(subject)", "success")))
        }
        let subject = "create Pod \(name) in StatefulSet \(set.meta.name)"
        operations.append(.create(pod, announcing: announcement("Create", subject, "successful")))
        strands.append(operations)
        return true
    }

    private mutating func delete(_ pod: JSONValue) {
        let subject = "delete Pod \(pod.meta.name) in StatefulSet \(set.meta.name)"
        strands.append([.delete(pod.target, uid: pod.meta.uid, announcing: announcement("Delete", subject, "successful"))])
    }

    private mutating func repairIdentity(_ pod: JSONValue, _ ordinal: Int) {
        let wanted = StatefulSetPod.identityLabels(pod.meta.name, ordinal)
        let labels = pod.meta.labels
        if wanted.contains(where: { labels[$0.key] != $0.value }) {
            plan.operations.append(.patch(pod.target, uid: pod.meta.uid, ["metadata": ["labels": wanted.json]]))
        }
        for claim in StatefulSetPod.claims(ordinal, of: set) where claims[claim.meta.name] == nil {
            let subject = "create Claim \(claim.meta.name) Pod \(pod.meta.name) in StatefulSet \(set.meta.name)"
            plan.operations.append(.create(claim, announcing: announcement("Create", subject, "success")))
        }
    }

    /// Keeps the claims' owners as the retention policy asks: owned by the set they go with it; owned by a pod that is being
    /// scaled away they go with the pod.
    private mutating func retainClaims() {
        for (ordinal, pod) in members.sorted(by: { $0.key < $1.key }) {
            let isCondemned = !wanted.contains(ordinal)
            for template in StatefulSetPod.claims(ordinal, of: set) {
                guard let claim = claims[template.meta.name], !claim.meta.isDeleting else { continue }
                let mine: Set<String> = [set.meta.uid, pod.meta.uid]
                let others = claim.meta.owners.filter { !mine.contains($0.text("uid")) }
                if others.contains(where: { $0.flag("controller") }) { continue }
                var owners = others
                if isCondemned, policy.whenScaled {
                    owners.append(pod.controllerReference)
                } else if policy.whenDeleted {
                    owners.append(set.controllerReference)
                }
                let (before, after) = (claim.meta.owners.map { $0.text("uid") }, owners.map { $0.text("uid") })
                if Set(before) != Set(after) { plan.operations.append(PodOwnership.ownersPatch(claim, owners)) }
            }
        }
    }

    private mutating func isHealthy(_ pod: JSONValue) -> Bool {
        guard pod.phase == "Running" else { return false }
        let availability = pod.podAvailability(minReadySeconds: minReadySeconds, now: now)
        if let wait = availability.wait { plan.lookAgain(after: wait) }
        return availability.isAvailable
    }

    // MARK: status

    private mutating func setStatus() {
        let created = Array(members.values)
        let live = created.filter { !$0.meta.isDeleting }
        let ready = created.count(where: \.isRunningAndReady)
        var available = 0
        for pod in created where isHealthy(pod) { available += 1 }
        let updateName = history.update.meta.name
        var currentName = current.meta.name
        let updated = live.count { $0.podRevision == updateName }
        var currentCount = live.count { $0.podRevision == currentName }
        if isRolling, updated == created.count, ready == created.count, created.count == replicas {
            (currentName, currentCount) = (updateName, updated)
        }
        var status = set["status"] ?? .object([:])
        if status == .null { status = .object([:]) }
        status["observedGeneration"] = .int(set.meta.generation)
        status["replicas"] = .int(created.count)
        status["readyReplicas"] = ready == 0 ? nil : .int(ready)
        status["availableReplicas"] = .int(available)
        status["currentReplicas"] = currentCount == 0 ? nil : .int(currentCount)
        status["updatedReplicas"] = updated == 0 ? nil : .int(updated)
        status["currentRevision"] = .string(currentName)
        status["updateRevision"] = .string(updateName)
        status["collisionCount"] = .int(history.collisionCount)
        plan.setStatus(of: set, to: status)
    }

    // MARK: words

    private func occurrence(_ severity: Occurrence.Severity, _ reason: String, _ message: String) -> Occurrence {
        Occurrence(subject: set.reference, severity: severity, reason: reason, message: message, component: "statefulset-controller")
    }

    private mutating func tell(_ severity: Occurrence.Severity, _ reason: String, _ message: String) {
        plan.operations.append(.record(occurrence(severity, reason, message)))
    }

    private func announcement(_ verb: String, _ subject: String, _ outcome: String) -> Announcement {
        Announcement(
            success: occurrence(.normal, "Successful\(verb)", "\(subject) \(outcome)"),
            failure: occurrence(.warning, "Failed\(verb)", "\(subject) failed error: "))
    }
}

extension JSONValue {
    var podRevision: String { meta.labels["controller-revision-hash"] ?? "" }
}
