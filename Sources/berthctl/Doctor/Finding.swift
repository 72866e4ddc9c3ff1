import FoundationEssentials
import Ledger

/// Something the ledger and the machine disagree about, with what shows it.
struct Finding: Encodable, Hashable {
    enum Kind: String, Encodable { case orphan, missing, unfinished }
    var kind: Kind
    var subject: String
    var proof: String
    var remedy: String
}

/// What the ledger says should be there.
struct LedgerView: Equatable {
    /// Uids of pods in the ledger that are not cleaned up.
    var pods: [String: String] = [:]
    var runningContainers: Set<String> = []
    var volumes: [String: (isStaged: Bool, stagingPath: String)] = [:]
    var publications: Set<String> = []
    var unfinished: [(kind: String, subject: String, begunAt: Date)] = []

    static func == (left: LedgerView, right: LedgerView) -> Bool { left.pods == right.pods && left.publications == right.publications }
}

/// The comparison, pure and ordered.
func findings(ledger: LedgerView, world: NodeWorld, daemonIsUp: Bool) -> [Finding] {
    var all: [Finding] = []
    func orphan(_ subject: String, _ proof: String) {
        let remedy = daemonIsUp ? "restart berthd, which removes what it made and no longer needs" : "start berthd, which removes what it made and no longer needs"
        all.append(Finding(kind: .orphan, subject: subject, proof: proof, remedy: remedy))
    }
    for (uid, directory) in world.podCgroups.sorted(by: { $0.key < $1.key }) where ledger.pods[uid] == nil {
        orphan("cgroup \(directory)", "no pod \(uid) in the ledger")
    }
    for uid in world.supervisors.sorted() where ledger.pods[uid] == nil { orphan("supervisor of pod \(uid)", "no such pod in the ledger") }
    for uid in world.podDirectories.sorted() where ledger.pods[uid] == nil { orphan("directory of pod \(uid)", "no such pod in the ledger") }
    for id in world.scratch.sorted() where !ledger.runningContainers.contains(id) {
        orphan("writable layer of container \(id.prefix(12))", "no container of the ledger has it")
    }
    for (path, type) in world.mounts.sorted(by: { $0.key < $1.key }) where !isExplained(path, by: ledger) {
        orphan("\(type) mount \(path)", "no pod or volume of the ledger uses it")
    }
    for (device, file) in world.loopDevices.sorted(by: { $0.key < $1.key }) where !ledger.volumes.contains(where: { file.contains("/\($0.key)") }) {
        orphan("loop device \(device)", "its backing file \(file) belongs to no volume of the ledger")
    }
    for (id, volume) in ledger.volumes.sorted(by: { $0.key < $1.key }) {
        if volume.isStaged, !volume.stagingPath.isEmpty, world.mounts[volume.stagingPath] == nil {
            all.append(
                Finding(
                    kind: .missing, subject: "mount of volume \(id)", proof: "the ledger says it is at \(volume.stagingPath); mountinfo has nothing there",
                    remedy: "restart berthd, which mounts it again for the pods that need it"))
        }
    }
    for intent in ledger.unfinished where !daemonIsUp || intent.begunAt.timeIntervalSinceNow < -300 {
        all.append(
            Finding(
                kind: .unfinished, subject: "\(intent.kind) of \(intent.subject)", proof: "begun \(intent.begunAt.formatted(.iso8601)), no result in the journal",
                remedy: daemonIsUp ? "see berthctl events; restart berthd if it does not end" : "start berthd, which finishes or undoes it"))
    }
    return all
}

private func isExplained(_ path: String, by ledger: LedgerView) -> Bool {
    ledger.pods.keys.contains { path.contains("/\($0)/") || path.hasSuffix("/\($0)") }
        || ledger.volumes.contains { path == $0.value.stagingPath || path.contains("/\($0.key)") }
        || ledger.runningContainers.contains { path.contains("/\($0)") }
        || ledger.publications.contains(path)
}
